//! What other machines can reach must have a login and TLS, ours or a proxy's.

use std::path::Path;

use super::super::{Config, Loaded};
use super::SOUND;

const TOKEN: &str = "a token of the page";

/// Loads the sound file with this `[page]`, beside a token and a page's certificate.
fn load(page: &str) -> Result<Loaded, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("it can be written");
        restrict(&path, 0o600);
    };
    put("token", TOKEN);
    put("short", "hunter2");
    put("none.pem", "no certificate");
    let text = SOUND.replacen("[defaults]", &format!("[page]\n{page}\n[defaults]"), 1);
    put("idlewatt.toml", &text);
    Config::load(&folder.path().join("idlewatt.toml")).map_err(|faults| faults.to_string())
}

fn restrict(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
}

#[test]
fn a_page_that_others_can_reach_is_not_left_open() {
    for (page, what) in [
        ("listen = \"0.0.0.0:80\"", "it has neither login nor TLS"),
        ("listen = \"[::]:80\"", "it has neither login nor TLS"),
        ("listen = \"192.0.2.1:80\"", "it has neither login nor TLS"),
        (
            "listen = \"0.0.0.0:80\"\ntoken_file = \"token\"",
            "its password would travel in the clear",
        ),
        (
            "listen = \"0.0.0.0:80\"\nmetrics_token_file = \"token\"",
            "it has neither login nor TLS",
        ),
    ] {
        let said = load(page).expect_err(page);
        assert!(
            said.contains("[page] 'listen': the page can be reached from other machines"),
            "{said}"
        );
        assert!(said.contains(what), "{said}");
        assert!(
            said.contains("or name the reverse proxy before it in 'proxies'"),
            "{said}"
        );
    }
    for page in [
        "listen = \"127.0.0.1:80\"",
        "listen = \"[::1]:80\"",
        "listen = \"0.0.0.0:80\"\nproxies = [\"192.0.2.9\"]",
        "token_file = \"token\"",
    ] {
        let loaded = load(page).expect(page);
        assert_eq!(loaded.warnings, [], "{page}");
        assert!(!format!("{loaded:?}").contains(TOKEN));
    }
}

#[test]
fn half_a_login_and_a_weak_one_are_faults() {
    for (page, what) in [
        (
            "token_file = \"short\"",
            "'token_file': this token has fewer than 12 characters",
        ),
        (
            "username = \"anna\"",
            "'username': a user is said, but no password",
        ),
        (
            "password_file = \"token\"",
            "a password is said, but no 'username'",
        ),
        (
            "cert_file = \"none.pem\"",
            "'cert_file': 'cert_file' is said, but no 'key_file'",
        ),
        (
            "cert_file = \"none.pem\"\nkey_file = \"none.pem\"",
            "'cert_file': ",
        ),
        (
            "token_env = \"IDLEWATT_NO_SUCH_TOKEN\"",
            "IDLEWATT_NO_SUCH_TOKEN is not set",
        ),
    ] {
        let said = load(page).expect_err(page);
        assert!(said.contains(what), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    let warnings = load("metrics_token_file = \"token\"").expect("no fault").warnings;
    assert!(
        warnings[0].to_string().contains("the page has no login"),
        "{warnings:?}"
    );
}

#[test]
fn a_secret_that_everybody_may_read_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, token) = (folder.path().join("idlewatt.toml"), folder.path().join("token"));
    let text = SOUND.replacen("[defaults]", "[page]\ntoken_file = \"token\"\n[defaults]", 1);
    std::fs::write(&file, text).expect("it can be written");
    std::fs::write(&token, TOKEN).expect("it can be written");
    for (mode, warned) in [(0o644, 1), (0o604, 1), (0o640, 0), (0o600, 0)] {
        restrict(&token, mode);
        let warnings = Config::load(&file).expect("no fault").warnings;
        assert_eq!(warnings.len(), warned, "{mode:o}: {warnings:?}");
        let is_said = |warning: &crate::config::Fault| warning.mend.starts_with("chmod o= ");
        assert!(warnings.iter().all(is_said), "{warnings:?}");
    }
}
