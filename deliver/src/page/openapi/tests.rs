//! The document and the code say the same: every route is in it, every path answers, every answer is valid by its schema.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::DOCUMENT;
use super::schema::faults;
use crate::page::tests::{Answer, Served, request, small_behind};
use crate::page::{DoorConfig, api_routes};
use crate::secret::Secret;

const TOKEN: &str = "token-of-the-page";

fn document() -> Value {
    serde_json::from_str(DOCUMENT).unwrap()
}

async fn ask(served: &Served, method: &str, path: &str, body: &str) -> Answer {
    let stream = TcpStream::connect(("127.0.0.1", served.port)).await.unwrap();
    let (bearer, length) = (format!("Bearer {TOKEN}"), body.len().to_string());
    let mut headers = vec![("Authorization", bearer.as_str())];
    if !body.is_empty() {
        headers.push(("Content-Type", "application/json"));
        headers.push(("Content-Length", &length));
    }
    request(stream, method, path, &headers, body).await
}

/// Whether an answer is what the document says of its path and status.
fn check(path: &str, method: &str, answer: &Answer) {
    let document = document();
    let status = answer.status.to_string();
    let of_path = &document["paths"][path][method]["responses"][&status];
    let schema = &of_path["content"]["application/json"]["schema"];
    assert!(
        schema.is_object(),
        "{method} {path} answers {status}, which is not in the document"
    );
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    let faults = faults(&document, schema, &body);
    assert!(
        faults.is_empty(),
        "{method} {path} {status}: {faults:#?}\n{body:#}"
    );
}

#[test]
fn every_route_is_in_the_document_and_every_path_is_a_route() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let routes: BTreeSet<&str> = api_routes().iter().map(|(path, _)| *path).collect();
    let paths: BTreeSet<&str> = document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(routes, paths);
}

#[test]
fn every_schema_is_used_and_every_reference_leads_somewhere() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for name in schemas.keys() {
        assert!(
            DOCUMENT.contains(&format!("\"#/components/schemas/{name}\"")),
            "{name} is not used"
        );
    }
    for reference in DOCUMENT.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn every_path_answers_as_the_document_says() {
    let served = small_behind(DoorConfig {
        token: Secret::new(TOKEN),
        ..DoorConfig::default()
    })
    .await;
    for path in api_routes()
        .iter()
        .map(|(path, _)| *path)
        .filter(|path| *path != "/api/act")
    {
        for id in ["ct", "a%20b%2Fc", "ws"] {
            let answer = ask(&served, "GET", &path.replace("{id}", id), "").await;
            assert_eq!(answer.status, 200, "{path}");
            check(path, "get", &answer);
        }
    }
    for (path, wrong) in [
        ("/api/device/{id}", "/api/device/nobody"),
        ("/api/device/{id}/power", "/api/device/nobody/power"),
        ("/api/device/{id}/power", "/api/device/ct/power?from=yesterday"),
        ("/api/kpi", "/api/kpi?by=colour"),
    ] {
        let answer = ask(&served, "GET", wrong, "").await;
        assert!([400, 404].contains(&answer.status), "{wrong}");
        check(path, "get", &answer);
    }
}

#[tokio::test]
async fn a_word_is_taken_and_what_is_none_is_refused_as_the_document_says() {
    let served = small_behind(DoorConfig {
        token: Secret::new(TOKEN),
        ..DoorConfig::default()
    })
    .await;
    let acknowledge = json!({ "act": "acknowledge", "rule": "overnight_idle", "device": "ct", "by": "Anna" });
    let level = json!({ "act": "name_level", "device": "ct", "level_w": 890, "state": "standby" });
    let schema = document()["components"]["schemas"]["Act"].clone();
    for (word, status) in [
        (acknowledge.clone(), 202),
        (level, 202),
        (
            json!({ "act": "acknowledge", "rule": "nothing", "device": "ct" }),
            400,
        ),
        (
            json!({ "act": "snooze", "rule": "overnight_idle", "device": "ct" }),
            400,
        ),
        (
            json!({ "act": "acknowledge", "rule": "overnight_idle", "device": "nobody" }),
            404,
        ),
        (json!({ "act": "dance", "device": "ct" }), 400),
    ] {
        let answer = ask(&served, "POST", "/api/act", &word.to_string()).await;
        assert_eq!(answer.status, status, "{word}");
        check("/api/act", "post", &answer);
        if status == 202 {
            assert_eq!(
                faults(&document(), &schema, &word),
                Vec::<String>::new(),
                "{word}"
            );
        }
    }
    let open = small_behind(DoorConfig::default()).await;
    let refused = ask(&open, "POST", "/api/act", &acknowledge.to_string()).await;
    assert_eq!(refused.status, 403, "without a login nobody may speak");
}
