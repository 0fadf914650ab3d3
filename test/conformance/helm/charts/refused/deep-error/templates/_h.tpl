{{ define "outer" }}
{{ include "inner" . }}{{ end }}
{{ define "inner" }}{{ required "inner value is needed" .Values.x }}{{ end }}
