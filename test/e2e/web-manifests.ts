/** A page that answers on the pod's address, as a repository would have it. `say` is what it answers. */
export const webManifests = (say: string, { healthy = true, replicas = 2 } = {}): Record<string, string> => ({
  'deploy/web.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: site-${say}
data:
  server.mjs: |
    import { createServer } from 'node:http';
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/healthz' && !${healthy} ? 503 : 200);
      response.end('${say}');
    });
    server.listen(8080, process.env.HOST ?? '0.0.0.0');
    process.once('SIGTERM', () => {
      server.close(() => process.exit(0));
      server.closeIdleConnections();
    });
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: ${replicas}
  progressDeadlineSeconds: 5
  strategy:
    rollingUpdate:
      maxUnavailable: 0
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      terminationGracePeriodSeconds: 5
      containers:
        - name: web
          image: fairlead.example/node:20
          command: [node, /srv/server.mjs]
          ports:
            - name: http
              containerPort: 8080
          readinessProbe:
            httpGet:
              path: /healthz
              port: http
            periodSeconds: 1
          volumeMounts:
            - name: site
              mountPath: /srv
      volumes:
        - name: site
          configMap:
            name: site-${say}
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
    - port: 80
      targetPort: http
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
spec:
  rules:
    - host: web.localhost
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: web
                port:
                  number: 80
`,
});
