FROM node:24-bookworm-slim

WORKDIR /app

# No package needs a script or a compiler to be installed: better-sqlite3 brings its binaries along.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

COPY src ./src
COPY plugins ./plugins
COPY config ./config

# `node` (1000) comes with the base image. The store and the Unix socket are in /app/data.
RUN mkdir -p data node_modules/.cache && chown -R node:node data config node_modules/.cache
USER node
# A whole life of a host, against the sandbox X: it leaves Node's compile cache, without which a start takes half as long again.
RUN node src/perch.js demo --once
# What lies there is run: from now on the host can't change it.
USER root
RUN chown -R root:root node_modules/.cache
USER node
VOLUME ["/app/config", "/app/data"]
EXPOSE 9999

# Over the Unix socket, so that it holds for every port, address and certificate.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "require('node:http').get({ socketPath: 'data/perch.sock', path: '/healthz' }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]

CMD ["node", "--max-semi-space-size=16", "src/perch.js", "start", "--config", "config/perch.yaml"]
