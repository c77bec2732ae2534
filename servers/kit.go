//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"copyscope/internal/kafkajars"
	"copyscope/internal/process"
	"copyscope/internal/selfsigned"
)

// tool is something that rows need and a machine may lack.
type tool string

const (
	strace  tool = "strace"
	nginx   tool = "nginx (Debian: nginx-light)"
	haproxy tool = "haproxy"
	python  tool = "python3"
	jdk     tool = "java (a JDK of 17 or later)"
	maven   tool = "mvn (Maven, and a JDK of 17 or later)"
)

// programs are what a tool is found by.
var programs = map[tool][]string{
	strace: {"strace"}, nginx: {"nginx"}, haproxy: {"haproxy"}, python: {"python3"},
	jdk: {"java", "javac", "jcmd"}, maven: {"mvn", "java", "javac", "jcmd"},
}

// Tomcat's jars are collected by Maven; git ignores bin, and make clean removes it.
const tomcatJars = "bin/servers/tomcat/lib"

// kit is the servers of this machine.
type kit struct {
	lacks map[tool]bool
	// versions by server, for the table.
	versions map[string]string
}

// missing names the needs that this machine lacks, "" if none.
func (k *kit) missing(needs []tool) string {
	var names []string
	for _, n := range needs {
		if k.lacks[n] {
			names = append(names, string(n))
		}
	}
	return strings.Join(names, "; ")
}

func lacks(t tool) bool {
	return slices.ContainsFunc(programs[t], func(name string) bool { _, err := process.Find(name); return err != nil })
}

// collect builds the programs of ours and fetches jars where Maven finds them
// out of date. It is what needs the outer network.
func collect(ctx context.Context, dir string, o options) error {
	builds := []string{"./servers/fileserver"}
	if o.binary == "" {
		builds = append(builds, "./cmd/copyscope")
	}
	if _, err := process.Run(ctx, "go", append([]string{"build", "-o", dir + "/"}, builds...)...); err != nil {
		return err
	}
	needed := slices.ContainsFunc(allRows(), func(r row) bool { return o.runs(r) && slices.Contains(r.needs, maven) })
	if !needed || lacks(maven) {
		return nil
	}
	if err := kafkajars.Collect(ctx); err != nil {
		return err
	}
	_, err := process.Run(ctx, "mvn", "-B", "-ntp", "-q", "-f", "servers/java/pom.xml", "prepare-package")
	return err
}

// prepare looks which servers are there, and of which version.
func prepare(ctx context.Context, dir string) (*kit, error) {
	k := &kit{lacks: map[tool]bool{}, versions: map[string]string{goServer: strings.TrimPrefix(runtime.Version(), "go")}}
	for t := range programs {
		k.lacks[t] = lacks(t)
	}
	for _, v := range []struct {
		server  string
		tool    tool
		args    []string
		version string
	}{
		{nginxServer, nginx, []string{"nginx", "-v"}, `nginx/(\S+)`},
		{haproxyServer, haproxy, []string{"haproxy", "-v"}, `version (\d+\.\d+\.\d+)`},
		{pythonServer, python, []string{"python3", "--version"}, `Python (\S+)`},
		{jdkServer, jdk, []string{"java", "-version"}, `version "([^"]+)"`},
	} {
		if k.lacks[v.tool] {
			continue
		}
		path, err := process.Find(v.args[0])
		if err != nil {
			return nil, err
		}
		out, err := exec.CommandContext(ctx, path, v.args[1:]...).CombinedOutput()
		found := regexp.MustCompile(v.version).FindSubmatch(out)
		if err != nil || found == nil {
			return nil, fmt.Errorf("%s does not say its version: %v\n%s", strings.Join(v.args, " "), err, out)
		}
		k.versions[v.server] = string(found[1])
	}
	for _, j := range []struct{ server, jars, name string }{
		{kafkaServer, kafkajars.Dir, "kafka-clients"}, {tomcatServer, tomcatJars, "tomcat-embed-core"},
	} {
		found, err := filepath.Glob(filepath.Join(j.jars, j.name+"-*.jar"))
		if err != nil || len(found) > 1 {
			return nil, fmt.Errorf("%s holds %d %s, there must be one; run make clean", j.jars, len(found), j.name)
		}
		if len(found) == 1 {
			k.versions[j.server] = strings.TrimSuffix(strings.TrimPrefix(filepath.Base(found[0]), j.name+"-"), ".jar")
		}
	}
	return k, nil
}

// env is what rows work with.
type env struct {
	kit    *kit
	dir    string           // for files of this run, removed at its end
	binary string           // copyscope
	trust  selfsigned.Trust // the certificate that every TLS row serves with
	files  int              // directories made, see fresh
}

// fresh makes a directory of a new name, for one server.
func (e *env) fresh(name string) (string, error) {
	e.files++
	dir := filepath.Join(e.dir, fmt.Sprintf("%s-%d", name, e.files))
	return dir, os.Mkdir(dir, 0o755)
}
