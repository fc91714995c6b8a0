#!/usr/bin/env bash
# Each night: readings older than 90 days go from InfluxDB 2.x; their five-minute means, and everything else, stay. From cron or
# a timer, with INFLUX_HOST, INFLUX_ORG and INFLUX_TOKEN (the token that may write into the bucket).
# Keep 31 days at least: the dashboards look back on readings of that time.
set -euo pipefail
: "${INFLUX_HOST:?}" "${INFLUX_ORG:?}" "${INFLUX_TOKEN:?}"

influx delete --bucket "${IDLEWATT_INFLUX_BUCKET:-idlewatt}" \
    --start 1970-01-01T00:00:00Z \
    --stop "$(date --utc --date '90 days ago' +%Y-%m-%dT00:00:00Z)" \
    --predicate '_measurement="power"'
