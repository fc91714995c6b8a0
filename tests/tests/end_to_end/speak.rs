//! A person's word from the page: a form in a real browser → the page → mosquitto → journal → analyzer → history → the same
//! page, brought up to date by an event. A replay of the journal says the same.

use anyhow::Result;
use serde_json::{Value, json};
use tests::certificate::write_secret;
use tests::chromium::Chromium;

use super::alert::{Hospital, RULE, both_are_raised, phases, replayed};

const TOKEN: &str = "token-of-the-page";

/// The form of a device's open alert.
fn form(device: &str) -> String {
    format!("document.querySelector('input[name=device][value={device}]').form")
}

/// Presses a button of it.
fn say(browser: &mut Chromium, device: &str, fields: &[(&str, &str)], act: &str) -> Result<()> {
    for (name, value) in fields {
        browser.evaluate(&format!("{}.elements[{name:?}].value = {value:?}", form(device)))?;
    }
    let button = format!("{}.querySelector('button[value={act}]').click()", form(device));
    browser.evaluate("window.isBefore = true")?;
    browser.evaluate(&button)?;
    browser.wait_for("window.isBefore === undefined && document.querySelector('.said') !== null && document.body.dataset.link === 'live'")
}

/// Waits for words on the page that is open; it must not be loaded anew.
fn shown(browser: &mut Chromium, words: &str) -> Result<()> {
    browser.evaluate("window.isTheSame = true")?;
    browser.wait_for(&format!(
        "document.querySelector('main').textContent.includes({words:?})"
    ))?;
    assert_eq!(browser.evaluate("window.isTheSame")?, true, "brought by an event");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_says_on_the_page_goes_through_the_journal_and_comes_back() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let token = folder.path().join("token");
    write_secret(&token, TOKEN)?;
    let page = format!("token_file = \"{}\"\n", token.display());
    let mut hospital = Hospital::start_with(&page, Some(TOKEN)).await?;
    both_are_raised(&mut hospital).await?;
    let mut browser = Chromium::start()?;
    let url = hospital.idlewatt.url();
    browser.open(&url.replace("http://", &format!("http://anybody:{TOKEN}@")))?;
    browser.complaints();
    browser.open(&format!("{url}/alerts?lang=en"))?;
    browser.wait_for("document.body.dataset.link === 'live'")?;

    say(&mut browser, "mri-1", &[("by", "Anna")], "acknowledge")?;
    shown(&mut browser, "acknowledged by Anna")?;
    let note = "the <b>chiller</b> is being mended";
    say(&mut browser, "mri-1", &[("by", "Ben"), ("text", note)], "note")?;
    shown(&mut browser, note)?;
    say(&mut browser, "mri-2", &[("by", "Ben"), ("hours", "4")], "snooze")?;
    shown(&mut browser, "by Ben")?;
    hospital.published += 3;
    hospital.until_drained().await?;

    assert_eq!(
        phases(&hospital.steps("mri-1").await?),
        ["raised", "acknowledged", "noted"]
    );
    let told = hospital.told("mri-1").await?;
    assert_eq!(
        (&told["phase"], &told["by"]),
        (&json!("acknowledged"), &json!("Anna"))
    );
    let last: &Value = &told["steps"][2];
    assert_eq!((&last["by"], &last["note"]), (&json!("Ben"), &json!(note)));
    assert_eq!(phases(&hospital.steps("mri-2").await?), ["raised", "snoozed"]);
    let retained = hospital.retained("mri-1").await?;
    assert_eq!(
        retained["phase"], "acknowledged",
        "a note is not published: {retained:#}"
    );
    for device in ["mri-1", "mri-2"] {
        assert_eq!(replayed(&hospital, device)?, hospital.steps(device).await?);
    }
    let listed = hospital.idlewatt.json("/api/alerts").await?;
    assert_eq!(listed[0]["rule"], RULE);
    assert_eq!(browser.complaints(), Vec::<String>::new());
    assert!(hospital.idlewatt.stop().await?.success());
    Ok(())
}
