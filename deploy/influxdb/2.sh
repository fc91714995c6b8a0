#!/usr/bin/env bash
# InfluxDB 2.x for idlewatt: bucket, InfluxQL mapping for Grafana, two tokens with no more rights than they need, and the task
# that keeps five-minute means. Run it once with the influx CLI (2.x) and jq:
#
#   export INFLUX_HOST=http://localhost:8086 INFLUX_ORG=hospital INFLUX_TOKEN=…   # an operator's token, for this run alone
#   ./2.sh
#
# It prints two tokens: the first for idlewatt ([[sink]] token_file), the second for Grafana (IDLEWATT_INFLUX_PASSWORD).
set -euo pipefail
cd "$(dirname "$0")"
: "${INFLUX_HOST:?}" "${INFLUX_ORG:?}" "${INFLUX_TOKEN:?}"

bucket=${IDLEWATT_INFLUX_BUCKET:-idlewatt}

# for ever: only readings grow, and 2-nightly.sh deletes old ones
influx bucket create --name "$bucket" --retention 0 >/dev/null
id=$(influx bucket list --name "$bucket" --json | jq -er '.[0].id')

# InfluxQL reads a bucket through a mapping: database and retention policy
influx v1 dbrp create --db "$bucket" --rp autogen --bucket-id "$id" --default >/dev/null

influx task create --org "$INFLUX_ORG" --file <(sed "s/IDLEWATT_BUCKET/$bucket/g" power_5m.flux) >/dev/null

printf 'token for idlewatt (writes into the bucket): %s\n' \
    "$(influx auth create --description idlewatt --write-bucket "$id" --json | jq -er .token)"
printf 'token for Grafana (reads the bucket): %s\n' \
    "$(influx auth create --description 'idlewatt, Grafana' --read-bucket "$id" --json | jq -er .token)"
