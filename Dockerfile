# The program and nothing else, for a user that is nobody: docs/install.md says how to
# build and run it, and what a container does not let it see.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
# Modules change less often than the rest.
COPY go.mod go.sum ./
RUN go mod download
# With .git, so that the binary knows its commit.
COPY . .
ARG TARGETOS
ARG TARGETARCH
RUN GOOS=$TARGETOS GOARCH=$TARGETARCH make build BIN=/out/copyscope
RUN mkdir -p /empty

FROM scratch
LABEL org.opencontainers.image.title="copyscope" \
      org.opencontainers.image.description="An oscilloscope for copies: pages and a Kafka-protocol log broker" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /out/copyscope /usr/bin/copyscope
COPY --from=build /src/LICENSE /src/THIRD_PARTY_NOTICES.md /usr/share/doc/copyscope/
# It writes its records, and temporary files.
COPY --from=build --chown=65532:65532 /empty /var/lib/copyscope
COPY --from=build --chown=65532:65532 /empty /tmp
ENV HOME=/tmp
USER 65532:65532
VOLUME /var/lib/copyscope
# The pages, and the broker.
EXPOSE 8080 9092
ENTRYPOINT ["/usr/bin/copyscope"]
# On every address of the container's, or published ports would lead nowhere.
CMD ["serve", "--http", "0.0.0.0:8080", "--kafka-listen", "0.0.0.0:9092", "--kafka-advertised", "127.0.0.1:9092", "--data", "/var/lib/copyscope/records"]
