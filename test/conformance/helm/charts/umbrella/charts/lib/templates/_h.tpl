{{- define "lib.greeting" }}hello {{ .who }}{{ end }}
