# One image for the control plane and the runner: `picket serve`, `picket runner start`.

# The script libraries come from npm and are bundled into the binary.
FROM node:20-bookworm-slim AS scripts
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY scripts scripts
COPY postman/script postman/script
RUN node scripts/bundle.mjs

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=scripts /src/postman/script/bundle postman/script/bundle
ARG VERSION=dev
ARG COMMIT=unknown
RUN CGO_ENABLED=0 go build -buildvcs=false -trimpath \
      -ldflags "-s -w -X github.com/picket-api/picket/cli.version=$VERSION -X github.com/picket-api/picket/cli.commit=$COMMIT" \
      -o /out/picket ./cmd/picket

FROM debian:bookworm-slim
# CA certificates for the runner's requests; time zones are in the binary.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/picket /usr/local/bin/picket
RUN install -d -o 10001 -g 10001 -m 0700 /data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
# GET /healthz (alive) and /readyz (may take traffic) are for the orchestrator.
# A health check is not set here: a runner, from the same image, has no port.
ENTRYPOINT ["picket"]
CMD ["serve", "--addr", "0.0.0.0:8080", "--data", "/data"]
