#!/bin/bash
# Run once by the image, after the setup, as ../../influxdb/2.sh is elsewhere: InfluxQL finds the bucket as the database
# "idlewatt", Grafana may read it, as a user of its own that may do nothing else, and five-minute means are kept.
set -euo pipefail

influx v1 dbrp create --db "$DOCKER_INFLUXDB_INIT_BUCKET" --rp autogen --default \
    --bucket-id "$DOCKER_INFLUXDB_INIT_BUCKET_ID" --org "$DOCKER_INFLUXDB_INIT_ORG"
influx v1 auth create --username grafana --password "$(cat /run/secrets/grafana_influx_password)" \
    --read-bucket "$DOCKER_INFLUXDB_INIT_BUCKET_ID" --org "$DOCKER_INFLUXDB_INIT_ORG"
influx task create --org "$DOCKER_INFLUXDB_INIT_ORG" \
    --file <(sed "s/IDLEWATT_BUCKET/$DOCKER_INFLUXDB_INIT_BUCKET/g" /etc/idlewatt/power_5m.flux)
