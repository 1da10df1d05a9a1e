# The web client needs packages that the image below does not have.
FROM node:26.10.0-slim AS web
WORKDIR /app
COPY package.json package-lock.json ./
COPY vendor ./vendor
COPY packages ./packages
COPY web ./web
COPY scripts/patch-drizzle.mjs scripts/
COPY scripts/web ./scripts/web
RUN npm ci --no-audit --no-fund && node scripts/web/build.ts

# One image for every process: the command says which file of src/processes runs. Node runs the TypeScript as it is.
FROM node:26.10.0-slim
WORKDIR /app
ENV NODE_ENV=production
# src/processes/node-flags.ts says why.
ENV NODE_OPTIONS=--max-semi-space-size=32
COPY package.json package-lock.json ./
COPY vendor ./vendor
COPY scripts/patch-drizzle.mjs scripts/
# Optional packages are a Node of their own, which the image has already.
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund
COPY drizzle ./drizzle
COPY data ./data
COPY deploy/postgres ./deploy/postgres
COPY src ./src
COPY --from=web /app/web/dist ./web/dist
# What the runbooks say, in any container: frontrow --help
RUN ln -s /app/src/processes/frontrow.ts /usr/local/bin/frontrow && mkdir /data && chown node:node /data
USER node
CMD ["node", "src/processes/api.ts"]
