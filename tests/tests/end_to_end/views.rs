//! Every view of the page in a real browser, behind a login: in both languages, on three screens, light and dark, for eyes,
//! hands and keyboards. Nothing complains, nothing fails, nothing is fetched from outside, and axe-core finds no serious
//! fault.
//!
//! Screenshots go to `target/screens`: look at them.

use anyhow::{Context, Result};
use deliver::page::DoorConfig;
use deliver::secret::Secret;
use tests::axe::Axe;
use tests::chromium::{Chromium, Screen};

use crate::page::{Served, screens, served_behind};

const TOKEN: &str = "token-of-the-page";

/// Name and path of every view.
const VIEWS: [(&str, &str); 10] = [
    ("wall", "/"),
    ("wall-by-kind", "/?by=modality"),
    ("corridor", "/?form=corridor"),
    ("device", "/device/ct-2"),
    ("device-mri", "/device/mri-2"),
    ("alerts", "/alerts"),
    ("workstations", "/workstations"),
    ("waste", "/waste"),
    ("pipeline", "/pipeline"),
    ("nothing", "/act-was-here"),
];

const SCREENS: [(&str, u32, u32); 3] = [("desk", 1280, 800), ("phone", 390, 844), ("wide", 1920, 1080)];

async fn served() -> Result<Served> {
    served_behind(DoorConfig {
        token: Secret::new(TOKEN),
        ..DoorConfig::default()
    })
    .await
}

/// A browser whose owner has typed the token at its prompt.
fn visitor(served: &Served) -> Result<Chromium> {
    let mut browser = Chromium::start()?;
    let with_login = served
        .address
        .replace("http://", &format!("http://anybody:{TOKEN}@"));
    browser.open(&with_login)?;
    browser.complaints();
    browser.outside("");
    Ok(browser)
}

fn address(served: &Served, path: &str, language: &str) -> String {
    let joint = if path.contains('?') { '&' } else { '?' };
    format!("{}{path}{joint}lang={language}", served.address)
}

fn look(browser: &mut Chromium, (_, width, height): (&str, u32, u32), is_dark: bool) -> Result<()> {
    browser.look_through(Screen {
        width,
        height,
        is_dark,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_view_is_whole_in_both_languages_on_every_screen() -> Result<()> {
    let served = served().await?;
    let mut browser = visitor(&served)?;
    let axe = Axe::read()?;
    let mut faults = Vec::new();
    for (name, path) in VIEWS {
        for language in ["en", "fr"] {
            for screen in SCREENS {
                for is_dark in [false, true] {
                    look(&mut browser, screen, is_dark)?;
                    browser.open(&address(&served, path, language))?;
                    browser.wait_for("document.body.dataset.link === 'live'")?;
                    let seen = format!(
                        "{name}-{}-{language}{}",
                        screen.0,
                        if is_dark { "-dark" } else { "" }
                    );
                    let overflow =
                        browser.evaluate(&format!("document.documentElement.scrollWidth - {}", screen.1))?;
                    if overflow.as_i64() > Some(0) {
                        faults.push(format!("{seen}: scrolls sideways by {overflow} px"));
                    }
                    if screen.0 != "phone" || !is_dark {
                        let found = axe.faults(&mut browser)?;
                        faults.extend(found.into_iter().map(|fault| format!("{seen}: {fault}")));
                    }
                    browser.screenshot(&screens().join(format!("{seen}.png")), screen.0 != "wide")?;
                }
            }
        }
        // a view that is not there says so, which the browser notes
        let complaints = browser.complaints();
        let unexpected = complaints.into_iter().filter(|_| name != "nothing");
        faults.extend(unexpected.map(|complaint| format!("{name}: {complaint}")));
    }
    faults.extend(browser.outside(&served.address));
    assert!(faults.is_empty(), "{faults:#?}");
    served.shutdown.cancel();
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_corridor_shows_all_rooms_at_once() -> Result<()> {
    let served = served().await?;
    let mut browser = visitor(&served)?;
    for (width, height) in [(1920, 1080), (1280, 800), (1080, 1920)] {
        look(&mut browser, ("", width, height), false)?;
        browser.open(&address(&served, "/?form=corridor", "fr"))?;
        browser.wait_for("document.body.dataset.link === 'live'")?;
        let hidden = browser.evaluate(
            "[...document.querySelectorAll('.corridor .tile')].filter((tile) => {
                const box = tile.getBoundingClientRect();
                return box.bottom > innerHeight || box.right > innerWidth || box.height < 60;
            }).length + (document.documentElement.scrollHeight - innerHeight)",
        )?;
        assert_eq!(hidden, 0, "{width}×{height}");
    }
    served.shutdown.cancel();
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_can_be_reached_and_seen_with_the_keyboard() -> Result<()> {
    let served = served().await?;
    let mut browser = visitor(&served)?;
    look(&mut browser, SCREENS[0], false)?;
    for (name, path) in VIEWS {
        browser.open(&address(&served, path, "en"))?;
        browser.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")?;
        let wanted = browser.evaluate(
            "[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary, [tabindex=\"0\"]')].length",
        )?;
        let wanted = wanted.as_u64().context("a count")?;
        browser.press("Tab")?;
        let first = browser.evaluate("document.activeElement.className")?;
        assert_eq!(first, "skip", "{name}: the first stop leads past the menu");
        browser.evaluate("window.stops = new Set([document.activeElement]); window.unseen = [];")?;
        for _ in 1..wanted {
            browser.press("Tab")?;
            browser.evaluate(
                "(() => { const at = document.activeElement; stops.add(at);
                    const style = getComputedStyle(at);
                    if (at !== document.body && style.outlineStyle === 'none') unseen.push(at.outerHTML); })()",
            )?;
        }
        let stops = browser.evaluate("stops.size")?;
        assert_eq!(stops, wanted, "{name}: every control is a stop");
        let unseen = browser.evaluate("unseen")?;
        assert_eq!(unseen, serde_json::json!([]), "{name}: where one is can be seen");
    }
    // the skip link goes to the content
    browser.open(&address(&served, "/", "en"))?;
    browser.press("Tab")?;
    browser.press("Enter")?;
    browser.wait_for("location.hash === '#content'")?;
    served.shutdown.cancel();
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_through_leads_to_every_view_and_back() -> Result<()> {
    let served = served().await?;
    let mut browser = visitor(&served)?;
    look(&mut browser, SCREENS[0], false)?;
    browser.open(&served.address)?;
    let click = |browser: &mut Chromium, what: &str, then: &str| -> Result<()> {
        browser.evaluate(&format!("document.querySelector({what:?}).click()"))?;
        browser
            .wait_for(&format!("({then}) && document.body.dataset.link === 'live'"))
            .with_context(|| format!("after {what}"))
    };
    click(
        &mut browser,
        ".languages a[lang=fr]",
        "document.documentElement.lang === 'fr'",
    )?;
    click(
        &mut browser,
        ".switch a[href*=modality]",
        "location.search.includes('by=modality')",
    )?;
    click(
        &mut browser,
        ".tile h3 a",
        "location.pathname.startsWith('/device/')",
    )?;
    click(
        &mut browser,
        "nav a[href^='/alerts']",
        "location.pathname === '/alerts'",
    )?;
    click(
        &mut browser,
        "nav a[href^='/workstations']",
        "location.pathname === '/workstations'",
    )?;
    click(
        &mut browser,
        "nav a[href^='/pipeline']",
        "location.pathname === '/pipeline'",
    )?;
    click(&mut browser, ".brand", "location.pathname === '/'")?;
    click(
        &mut browser,
        ".switch a[href*=corridor]",
        "location.search.includes('form=corridor')",
    )?;
    let language = browser.evaluate("document.documentElement.lang")?;
    assert_eq!(language, "fr", "the language is kept all the way");
    assert_eq!(browser.complaints(), Vec::<String>::new());
    assert_eq!(browser.outside(&served.address), Vec::<String>::new());
    served.shutdown.cancel();
    Ok(())
}
