//! The page of the real command: closed to other machines unless it is safe, open to a browser with the login.

use tests::certificate::{Authority, write_secret};
use tests::chromium::Chromium;
use tests::idlewatt::{Idlewatt, command};
use tests::mosquitto::Mosquitto;

use super::ROOM;

const TOKEN: &str = "token-of-the-page";

fn with_broker(broker: &str) -> String {
    format!("{ROOM}[[broker]]\nname = \"main\"\nurl = \"{broker}\"\n")
}

#[test]
fn a_page_left_open_is_refused_before_anything_starts() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("idlewatt.toml");
    let text = with_broker("mqtt://127.0.0.1:1") + "[page]\nlisten = \"0.0.0.0:0\"\n";
    std::fs::write(&file, text)?;
    let file = file.display().to_string();
    for arguments in [&["serve", "-c", &file][..], &["check", "-c", &file, "--offline"]] {
        let output = command(arguments, "")?;
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let said = String::from_utf8([output.stdout, output.stderr].concat())?;
        assert!(
            said.contains("[page] 'listen': the page can be reached from other machines"),
            "{said}"
        );
        assert!(
            said.contains("'cert_file'") && said.contains("'proxies'"),
            "{said}"
        );
    }
    assert!(
        !folder.path().join("idlewatt-state").exists(),
        "nothing has begun"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_with_a_login_other_machines_may_come() -> anyhow::Result<()> {
    let broker = Mosquitto::start("").await?;
    let authority = Authority::new("ours")?;
    let folder = tempfile::tempdir()?;
    let [certificate, key, _] = authority.server(&["localhost"])?.write(folder.path(), "page")?;
    let token = folder.path().join("token");
    write_secret(&token, TOKEN)?;
    let page = format!(
        "cert_file = \"{}\"\nkey_file = \"{}\"\ntoken_file = \"{}\"\n",
        certificate.display(),
        key.display(),
        token.display()
    );
    let configuration = with_broker(&broker.url());
    let mut idlewatt = Idlewatt::prepare_with_page(&configuration, &page)?;
    idlewatt.listen_everywhere(&configuration)?;
    idlewatt.restart_over_tls().await?;
    let client = authority.visitor()?;
    let url = idlewatt.url().replace("http://127.0.0.1", "https://localhost");
    let answer = client.get(&url).send().await?;
    assert_eq!(answer.status(), 401);
    assert_eq!(
        client.get(format!("{url}/health")).send().await?.text().await?,
        r#"{"ok":true}"#
    );
    let answer = client.get(&url).bearer_auth(TOKEN).send().await?;
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("strict-transport-security"));
    assert!(answer.text().await?.contains("Saint-Luc"));
    let posted = client.post(format!("{url}/api/alerts")).send().await?;
    assert_eq!(posted.status(), 401, "nothing is written without the token");
    assert_eq!(idlewatt.stop().await?.code(), Some(0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_with_the_login_stays_up_to_date_and_has_nothing_to_complain_of() -> anyhow::Result<()> {
    let broker = Mosquitto::start("").await?;
    let folder = tempfile::tempdir()?;
    let token = folder.path().join("token");
    write_secret(&token, TOKEN)?;
    let page = format!("token_file = \"{}\"\n", token.display());
    let mut idlewatt = Idlewatt::prepare_with_page(&with_broker(&broker.url()), &page)?;
    idlewatt.log_in(TOKEN);
    idlewatt.restart().await?;
    let mut browser = Chromium::start()?;
    // what has been typed at the browser's prompt, it remembers
    browser.open(
        &idlewatt
            .url()
            .replace("http://", &format!("http://anybody:{TOKEN}@")),
    )?;
    browser.complaints();
    for path in ["/", "/device/ct-1", "/alerts", "/pipeline"] {
        browser.open(&(idlewatt.url() + path))?;
        browser.wait_for("document.body.dataset.link === 'live'")?;
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
    Ok(())
}
