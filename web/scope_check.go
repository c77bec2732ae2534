package web

import (
	"encoding/json"
	"net/http"

	"copyscope/internal/locale"
)

// check is GET /scope/check?run=SCENARIO&lang=en: whether a lane can have a scenario.
// It answers with status 204, or with 422 and a [scopeFault] in the reader's language.
// Nothing is run.
func (s *scope) check(w http.ResponseWriter, r *http.Request) {
	source, err := parseSource(r.URL.Query().Get("run"))
	if err == nil {
		err = s.allowHere(source.lab, false)
	}
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusUnprocessableEntity)
	if err := json.NewEncoder(w).Encode(faultOf(locale.New(requestLang(r)), err)); err != nil {
		s.config.Log.Debug("scope check", "err", err)
	}
}
