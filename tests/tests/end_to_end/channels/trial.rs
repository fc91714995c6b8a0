//! `idlewatt alert test`: a message that says it is a test, through the real channel of the configuration.

use anyhow::Context;
use tests::idlewatt::{Idlewatt, answer, command, demo_configuration};
use tests::smtpd::PASSWORD;

use super::{KEY, Receivers, is_signed};

#[tokio::test(flavor = "multi_thread")]
async fn a_test_message_goes_through_the_real_channel_and_the_receivers_word_is_shown() -> anyhow::Result<()>
{
    let mut receivers = Receivers::start().await?;
    let sections = receivers.sections();
    let prepared = Idlewatt::prepare(&demo_configuration("mqtt://127.0.0.1:1", &sections))?;
    let file = prepared.configuration_path().display().to_string();
    let test = |channel: &str| ["alert", "test", channel, "-c", &file].map(str::to_owned);
    let arguments = |words: &[String; 5]| command(&words.each_ref().map(String::as_str), "");

    for (channel, expected) in [
        ("hook", "200 OK taken"),
        ("phone", "200 OK taken"),
        ("post", "250 "),
        ("am", "200 OK"),
    ] {
        let words = test(channel);
        let said = answer(&words.each_ref().map(String::as_str), "")?;
        assert!(
            said.contains("the receiver says: ") && said.contains(expected),
            "{said}"
        );
    }
    let hook = receivers.http.heard("/hook").pop().context("a message")?;
    is_signed(&hook)?;
    assert_eq!(hook.json()["kind"], "test");
    assert!(receivers.until_mails(1).await?[0].contains("This is a test of the channel"));
    let active = receivers.alertmanager.active().await?;
    assert_eq!(active[0]["labels"]["alertname"], "idlewatt_test", "{active:#?}");

    let plan = checked(&file)?;
    assert!(
        plan.contains("hook  webhook at ") && plan.contains("post  mail at smtp://localhost:"),
        "{plan}"
    );

    receivers.http.stop().await?;
    receivers.smtpd.stop()?;
    for channel in ["hook", "post"] {
        let output = arguments(&test(channel))?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(&format!("channel '{channel}'")), "{said}");
        assert!(!said.contains(KEY) && !said.contains(PASSWORD), "{said}");
    }
    let output = arguments(&test("hok"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("no [[channel]] is named \"hok\"; there are hook, phone, post, am"),
        "{said}"
    );
    Ok(())
}

/// What `check` says; no broker answers it here.
fn checked(file: &str) -> anyhow::Result<String> {
    let output = command(&["check", "-c", file], "")?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// An address that is a secret is used, and shown nowhere.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_a_secret_and_a_template_of_ones_own() -> anyhow::Result<()> {
    let receivers = Receivers::start().await?;
    let folder = receivers.folder.path();
    std::fs::write(
        folder.join("chat.j2"),
        "{\"text\": {{ title }}, \"emoji\": {{ \":ok:\" if is_over else \":bell:\" }}}",
    )?;
    let section = format!(
        "[[channel]]\nname = \"chat\"\nkind = \"webhook\"\nurl_file = \"{0}/url\"\ntemplate_file = \"{0}/chat.j2\"\n",
        folder.display()
    );
    let prepared = Idlewatt::prepare(&demo_configuration("mqtt://127.0.0.1:1", &section))?;
    let file = prepared.configuration_path().display().to_string();
    let said = answer(&["alert", "test", "chat", "-c", &file], "")? + &checked(&file)?;
    assert!(
        !said.contains("secret-path") && said.contains("http://127.0.0.1:"),
        "{said}"
    );
    let heard = receivers.http.heard("/secret-path");
    assert_eq!(heard[0].json()["text"], "Test message (chat)", "{heard:#?}");

    std::fs::write(folder.join("chat.j2"), "{\"text\": {{ titel }}}")?;
    let said = checked(&file)?;
    assert!(said.contains("'template_file': the template fails"), "{said}");
    Ok(())
}
