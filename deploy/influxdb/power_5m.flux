// Mean power and last state of each five minutes, with the tags of the readings: what the continuous query of 1.influxql does.
// The last two hours are reckoned again each time, because readings may come late; whole intervals alone.
import "date"

option task = {name: "idlewatt power_5m", every: 5m, offset: 1m}

stop = date.truncate(t: now(), unit: 5m)
start = date.sub(from: stop, d: 2h)

readings = from(bucket: "IDLEWATT_BUCKET")
    |> range(start: start, stop: stop)
    |> filter(fn: (r) => r._measurement == "power")

readings
    |> filter(fn: (r) => r._field == "power_w")
    |> aggregateWindow(every: 5m, fn: mean, createEmpty: false, timeSrc: "_start")
    |> set(key: "_measurement", value: "power_5m")
    |> to(bucket: "IDLEWATT_BUCKET")

readings
    |> filter(fn: (r) => r._field == "state_code")
    |> aggregateWindow(every: 5m, fn: last, createEmpty: false, timeSrc: "_start")
    |> set(key: "_measurement", value: "power_5m")
    |> to(bucket: "IDLEWATT_BUCKET")
