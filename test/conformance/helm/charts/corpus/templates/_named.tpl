{{- define "conformance.named" -}}
named {{ .a }} {{ .root.Release.Name }}
{{- end -}}
{{- define "conformance.fails" -}}
{{ .Values.text.nope }}
{{- end -}}
{{- define "conformance.nested" -}}
{{ include "conformance.fails" . }}
{{- end -}}
