#!/bin/bash
# Run once by the image, after the setup: InfluxQL finds the bucket as the database "idlewatt", and Grafana may read it, as a
# user of its own that may do nothing else.
set -euo pipefail

influx v1 dbrp create --db "$DOCKER_INFLUXDB_INIT_BUCKET" --rp autogen --default \
    --bucket-id "$DOCKER_INFLUXDB_INIT_BUCKET_ID" --org "$DOCKER_INFLUXDB_INIT_ORG"
influx v1 auth create --username grafana --password "$(cat /run/secrets/grafana_influx_password)" \
    --read-bucket "$DOCKER_INFLUXDB_INIT_BUCKET_ID" --org "$DOCKER_INFLUXDB_INIT_ORG"
