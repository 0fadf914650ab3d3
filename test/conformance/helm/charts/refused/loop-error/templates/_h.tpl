{{ define "outer" }}{{ include "outer" . }}{{ end }}
