FROM node:24-bookworm-slim

WORKDIR /app

# No package needs a script or a compiler to be installed: better-sqlite3 brings its binaries along.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

COPY src ./src
COPY plugins ./plugins
COPY config ./config

# `node` (1000) comes with the base image. The store and the Unix socket are in /app/data.
RUN mkdir data && chown -R node:node data config
USER node
VOLUME ["/app/config", "/app/data"]
EXPOSE 9999

# Plain HTTP on loopback by default; with another port or TLS give docker run a --health-cmd of its own.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9999/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]

CMD ["node", "src/perch.js", "start", "--config", "config/perch.yaml"]
