import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const HELPERS = `{{- define "app.name" -}}{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}{{- end }}
{{- define "app.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/name: {{ include "app.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- with .Values.extraLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}
`;

const WORKLOAD = `{{- range $index, $part := .Values.parts }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "app.name" $ }}-{{ $part.name }}
  labels:
    {{- include "app.labels" $ | nindent 4 }}
  annotations:
    checksum/config: {{ toYaml $part | sha256sum }}
spec:
  replicas: {{ $part.replicas | default 1 | int }}
  selector:
    matchLabels: {part: {{ $part.name | quote }}}
  template:
    metadata:
      labels: {part: {{ $part.name | quote }}}
    spec:
      {{- with $.Values.affinity }}
      affinity: {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
      - name: main
        image: "{{ $.Values.image.repository }}:{{ $.Values.image.tag | default $.Chart.AppVersion }}"
        env:
        {{- range $key, $value := $part.env }}
        - {name: {{ $key | upper }}, value: {{ tpl $value $ | quote }}}
        {{- end }}
        {{- if $.Values.resources }}
        resources: {{- toYaml $.Values.resources | nindent 10 }}
        {{- end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ include "app.name" $ }}-{{ $part.name }}
  labels: {{- include "app.labels" $ | nindent 4 }}
spec:
  selector: {part: {{ $part.name | quote }}}
  ports: [{port: {{ $part.port }}, name: http}]
{{- end }}
`;

const valuesOf = (parts: number): string => {
  const lines = Array.from(
    { length: parts },
    (_, at) =>
      `- name: part-${at}\n  replicas: ${at % 3}\n  port: ${8000 + at}\n  env: {mode: "fast", place: "{{ .Release.Namespace }}", level: "${at}"}\n`,
  );
  return `image: {repository: team/web, tag: ""}
extraLabels: {team: platform}
resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {memory: 64Mi}}
affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: []}}
parts:
${lines.join('')}`;
};

/** A definition of a custom resource with a schema of some 100 kB, as large operators have them. */
const definition = (at: number): string => {
  const property = (name: number): string =>
    `              field${name}:\n                description: Says how much of part ${name} there is, and where it is kept.\n                type: object\n                properties:\n                  size: {type: integer, minimum: 0}\n                  place: {type: string, maxLength: 253}\n`;
  return `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things${at}.bench.example}
spec:
  group: bench.example
  scope: Namespaced
  names: {plural: things${at}, singular: thing${at}, kind: Thing${at}}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
${Array.from({ length: 400 }, (_, name) => property(name)).join('')}`;
};

export interface ChartSize {
  readonly subcharts: number;
  /** A Deployment and a Service each, in every chart. */
  readonly parts: number;
  readonly definitions: number;
}

/** Writes an umbrella chart of the given size into a folder that does not exist yet. */
export const writeChart = (folder: string, { subcharts, parts, definitions }: ChartSize): string => {
  const write = (path: string, text: string): void => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  const chart = (path: string, name: string): void => {
    write(join(path, 'Chart.yaml'), `apiVersion: v2\nname: ${name}\nversion: 1.2.3\nappVersion: "4.5"\n`);
    write(join(path, 'values.yaml'), valuesOf(parts));
    write(join(path, 'templates', '_helpers.tpl'), HELPERS);
    write(join(path, 'templates', 'workloads.yaml'), WORKLOAD);
  };
  chart('', 'umbrella');
  for (let at = 0; at < subcharts; at++) chart(join('charts', `sub${at}`), `sub${at}`);
  for (let at = 0; at < definitions; at++) write(join('crds', `things${at}.yaml`), definition(at));
  return folder;
};
