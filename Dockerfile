# One image for everything that runs: the two streams and the `millrace` command. Which of them is the argument:
#
#   docker run millrace:0.1.0 services/user-stream/src/main.ts
#   docker run millrace:0.1.0 services/item-stream/src/main.ts
#   docker run millrace:0.1.0 packages/cli/src/main.ts topics check
#
# docs/decisions/0012-one-image-with-the-program-as-the-argument.md says why; docs/containers.md how to run it.

ARG NODE_VERSION=24.21.0

# --- packages of the lock file, production only ---------------------------------------------------------------------
FROM node:${NODE_VERSION}-bookworm-slim AS dependencies
WORKDIR /app
# The manifests alone: a change of our sources leaves this stage in the cache. npm needs all of them to trust the lock.
COPY package.json package-lock.json ./
COPY packages/algorithms/package.json packages/algorithms/
COPY packages/cli/package.json packages/cli/
COPY packages/events/package.json packages/events/
COPY packages/pipeline/package.json packages/pipeline/
COPY packages/runtime/package.json packages/runtime/
COPY packages/stream/package.json packages/stream/
COPY packages/testkit/package.json packages/testkit/
COPY services/item-stream/package.json services/item-stream/
COPY services/user-stream/package.json services/user-stream/
# No package that we use needs its install script.
RUN ["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--workspace=services/user-stream", "--workspace=services/item-stream"]
# Client-side encryption of fields, which the registry's library can do with the keys of five clouds, and types. Nothing
# of ours loads any of it (test/deployment/image-contents.unit.ts), and it is most of the weight.
RUN ["rm", "-rf", \
  "node_modules/@aws-crypto", \
  "node_modules/@aws-sdk", \
  "node_modules/@azure", \
  "node_modules/@bufbuild", \
  "node_modules/@google-cloud", \
  "node_modules/@grpc", \
  "node_modules/@smithy", \
  "node_modules/@types", \
  "node_modules/@typespec", \
  "node_modules/google-gax", \
  "node_modules/node-vault", \
  "node_modules/protobufjs", \
  "node_modules/web-streams-polyfill"]
# The command's two packages bring no library of their own but testcontainers, which only starts servers for tests.
RUN ["ln", "-sfn", "../../packages/cli", "node_modules/@millrace/cli"]
RUN ["ln", "-sfn", "../../packages/testkit", "node_modules/@millrace/testkit"]

# --- what runs --------------------------------------------------------------------------------------------------------
FROM node:${NODE_VERSION}-bookworm-slim
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Millrace" \
  org.opencontainers.image.description="Event-streaming personalization: user-stream, item-stream and the millrace command" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
# The layout of the repository: Node strips no types under node_modules, and follows npm's links out of it.
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE NOTICE ./
COPY schemas schemas
COPY packages packages
COPY services services
# Metrics and health must be reached from outside the container.
ENV NODE_ENV=production \
  MILLRACE_HEALTH_HOST=0.0.0.0 \
  MILLRACE_HEALTH_PORT=9464
EXPOSE 9464
# The image's own user `node`, by number: Kubernetes can tell from a number alone that it is not root.
USER 1000:1000
# Ready: in its group, and every shard that it was given runs. Compose starts what depends on that; Kubernetes has probes.
# The timeout is for a machine that has no CPU to spare: each check starts a Node.
HEALTHCHECK --interval=5s --timeout=10s --start-period=60s --retries=3 \
  CMD ["node", "-e", "require('http').get(`http://127.0.0.1:${process.env.MILLRACE_HEALTH_PORT}/readyz`, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
# The flags are those of SERVICE_NODE_FLAGS (packages/testkit/src/pipeline/service-processes.ts), which says why; a test
# compares them. The warning is about a timer of kafkajs 2.2.4 and would be the only line of the log that is no JSON.
ENTRYPOINT ["node", "--max-semi-space-size=64", "--disable-warning=TimeoutNegativeWarning"]
CMD ["packages/cli/src/main.ts", "--help"]
