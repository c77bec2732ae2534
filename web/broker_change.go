package web

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"copyscope/templates"
)

// changeBytes bounds a form.
const changeBytes = 64 << 10

// changing guards what changes the broker: only a form of this very site may, or a
// program, which sends no such headers; and only where no other machine reaches
// the pages.
func (b *brokerPages) changing(change func(http.ResponseWriter, *http.Request, templates.PageData)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p := b.page(w, r)
		if err := b.origins.Check(r); err != nil {
			http.Error(w, p.T("broker.refused.foreign"), http.StatusForbidden)
			return
		}
		if why := b.whyNot(p); why != "" {
			http.Error(w, why, http.StatusForbidden)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, changeBytes)
		if err := r.ParseForm(); err != nil {
			http.Error(w, p.T("broker.refused.form", "Reason", oneLine(err.Error(), reasonShown)), http.StatusBadRequest)
			return
		}
		change(w, r, p)
	}
}

func (b *brokerPages) create(w http.ResponseWriter, r *http.Request, p templates.PageData) {
	name, partitions := strings.TrimSpace(r.PostFormValue("name")), strings.TrimSpace(r.PostFormValue("partitions"))
	set := map[string]string{}
	for _, f := range changed(r.PostForm) {
		set[f.name] = f.value
	}
	bad, n := "", 0
	err := error(nil)
	if partitions != "" {
		if n, err = strconv.Atoi(partitions); err != nil || n < 1 {
			bad, err = "partitions", errors.New(p.T("broker.bad.partitions", "Value", oneLine(partitions, nameShown)))
		}
	}
	if err == nil {
		if err = b.store.CreateTopic(r.Context(), name, n, set); err == nil {
			http.Redirect(w, r, templates.TopicURL(name)+"?done=created", http.StatusSeeOther)
			return
		}
		bad = badField(err, "name")
	}
	d, failed := b.overviewData(r.Context(), p, "")
	if failed != nil {
		b.failed(w, r, p, failed, name)
		return
	}
	d.Create = retyped(d.Create, r.PostForm)
	d.Create.Name, d.Create.Partitions, d.Create.Error, d.Create.Bad = oneLine(name, nameShown), oneLine(partitions, nameShown), b.reason(p, err), bad
	b.render(w, r, http.StatusUnprocessableEntity, templates.Broker(p, d))
}

func (b *brokerPages) alter(w http.ResponseWriter, r *http.Request, p templates.PageData) {
	name, set := r.PathValue("topic"), map[string]*string{}
	for _, f := range changed(r.PostForm) {
		set[f.name] = &f.value
	}
	for _, config := range r.PostForm["reset"] {
		set[config] = nil
	}
	done := "altered"
	if len(set) == 0 {
		done = "unchanged"
	}
	err := b.store.AlterTopic(r.Context(), name, set)
	b.after(w, r, p, err, done, func(d *templates.TopicData, reason string) {
		d.Alter = retyped(d.Alter, r.PostForm)
		d.Alter.Error, d.Alter.Bad = reason, badField(err, "")
	})
}

func (b *brokerPages) grow(w http.ResponseWriter, r *http.Request, p templates.PageData) {
	typed := strings.TrimSpace(r.PostFormValue("partitions"))
	n, err := strconv.Atoi(typed)
	if err != nil || n < 1 {
		err = errors.New(p.T("broker.bad.partitions", "Value", oneLine(typed, nameShown)))
	} else {
		err = b.store.GrowTopic(r.Context(), r.PathValue("topic"), n)
	}
	b.after(w, r, p, err, "grown", func(d *templates.TopicData, reason string) {
		d.Grow = templates.TopicForm{Partitions: oneLine(typed, nameShown), Error: reason}
	})
}

// remove deletes a topic whose name was typed once more.
func (b *brokerPages) remove(w http.ResponseWriter, r *http.Request, p templates.PageData) {
	name, typed := r.PathValue("topic"), r.PostFormValue("name")
	var err error
	if typed != name {
		err = errors.New(p.T("broker.bad.confirmation", "Typed", oneLine(typed, nameShown), "Name", oneLine(name, nameShown)))
	} else if err = b.store.DeleteTopic(r.Context(), name); err == nil {
		http.Redirect(w, r, "/broker?deleted="+url.QueryEscape(name), http.StatusSeeOther)
		return
	}
	b.after(w, r, p, err, "", func(d *templates.TopicData, reason string) {
		d.Delete = templates.TopicForm{Name: oneLine(typed, nameShown), Error: reason}
	})
}

// after leads back to the topic, or shows it once more with what was wrong.
func (b *brokerPages) after(w http.ResponseWriter, r *http.Request, p templates.PageData, err error, done string, wrong func(*templates.TopicData, string)) {
	name := r.PathValue("topic")
	if err == nil {
		http.Redirect(w, r, templates.TopicURL(name)+"?done="+done, http.StatusSeeOther)
		return
	}
	d, failed := b.topicData(r.Context(), p, name)
	if failed != nil {
		b.failed(w, r, p, failed, name)
		return
	}
	wrong(&d, b.reason(p, err))
	b.showTopic(w, r, p, http.StatusUnprocessableEntity, d)
}

// reason is what the broker says, in the reader's language, and harmless: it may
// quote what was typed.
func (b *brokerPages) reason(p templates.PageData, err error) string {
	return visible(p.Sentence(err.Error()), reasonShown)
}

type typedConfig struct{ name, value string }

// changed are the configs whose fields no longer say what was in force when the
// page was made: what others changed meanwhile stays.
func changed(form url.Values) (all []typedConfig) {
	for key, values := range form {
		name, is := strings.CutPrefix(key, "config.")
		if is && len(values) == 1 && strings.TrimSpace(values[0]) != form.Get("was."+name) {
			all = append(all, typedConfig{name, strings.TrimSpace(values[0])})
		}
	}
	return all
}

// retyped is the form with what was typed.
func retyped(f templates.TopicForm, form url.Values) templates.TopicForm {
	for i, c := range f.Fields {
		if form.Has("config." + c.Name) {
			f.Fields[i].Value = oneLine(form.Get("config."+c.Name), nameShown)
			f.Fields[i].Was = oneLine(form.Get("was."+c.Name), nameShown)
		}
	}
	return f
}

// badField is the field that an error of the broker speaks of.
func badField(err error, otherwise string) string {
	if err == nil {
		return ""
	}
	if m := configNamed.FindStringSubmatch(err.Error()); m != nil {
		return m[1]
	}
	if strings.Contains(err.Error(), "partitions") {
		return "partitions"
	}
	return otherwise
}

var configNamed = regexp.MustCompile(`^config ([a-z.]+):`)
