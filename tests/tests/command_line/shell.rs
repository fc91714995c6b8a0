//! A real bash completes, and groff reads every manual page without a complaint.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context;
use idlewatt::help::{all, called, tree};
use tests::idlewatt::command;

/// What bash would offer for a line, its last word not finished.
fn completed(script: &Path, line: &[&str]) -> anyhow::Result<Vec<String>> {
    let words = line
        .iter()
        .map(|word| format!("'{word}'"))
        .collect::<Vec<_>>()
        .join(" ");
    let last = line.len() - 1;
    let ask = format!(
        "compopt() {{ :; }}\nsource '{}' || exit 9\n\
         function=$(complete -p idlewatt | sed 's/.*-F \\([^ ]*\\).*/\\1/')\n\
         COMP_WORDS=({words}); COMP_CWORD={last}; COMP_LINE=\"${{COMP_WORDS[*]}}\"; COMP_POINT=${{#COMP_LINE}}\n\
         $function idlewatt \"${{COMP_WORDS[{last}]}}\" \"${{COMP_WORDS[{}]}}\"\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        script.display(),
        last - 1
    );
    let output = Command::new("bash")
        .args(["--norc", "--noprofile", "-c", &ask])
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    anyhow::ensure!(output.status.success() && said.is_empty(), "{said}");
    Ok(String::from_utf8(output.stdout)?
        .lines()
        .map(str::to_owned)
        .collect())
}

#[test]
fn bash_completes_commands_options_and_words() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let script = folder.path().join("idlewatt.bash");
    let printed = command(&["completions", "bash"], "")?;
    anyhow::ensure!(printed.status.success(), "{printed:?}");
    std::fs::write(&script, printed.stdout)?;
    for (line, wanted) in [
        (&["idlewatt", "qua"][..], "quarantine"),
        (&["idlewatt", "alert", "ack"], "acknowledge"),
        (&["idlewatt", "status", "--tok"], "--token-file"),
        (&["idlewatt", "classify", "--modality", "ang"], "angio"),
        (&["idlewatt", "kpi", "--by", "mod"], "modality"),
        (&["idlewatt", "completions", "fi"], "fish"),
    ] {
        assert_eq!(completed(&script, line)?, [wanted], "{line:?}");
    }
    let here = format!("{}/", folder.path().display());
    let files = completed(&script, &["idlewatt", "check", "--config", &here])?;
    assert_eq!(files, [script.display().to_string()], "files are completed");
    Ok(())
}

#[test]
fn every_shell_has_a_script() -> anyhow::Result<()> {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let printed = command(&["completions", shell], "")?;
        let script = String::from_utf8(printed.stdout)?;
        assert!(
            script.contains("acknowledge") && script.contains("quarantine"),
            "{shell}"
        );
    }
    Ok(())
}

/// What groff has to say of a page; nothing where all is well.
fn complaints(page: &[u8]) -> anyhow::Result<String> {
    let mut groff = Command::new("groff")
        .args(["-man", "-Tutf8", "-ww", "-z", "-K", "utf8"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("groff does not run: apt-get install groff-base")?;
    groff.stdin.take().context("it was asked for")?.write_all(page)?;
    Ok(String::from_utf8(groff.wait_with_output()?.stderr)?)
}

#[test]
fn every_command_has_a_manual_page_that_groff_reads() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let pages = folder.path().join("man1");
    let written = command(&["man", &pages.display().to_string()], "")?;
    anyhow::ensure!(written.status.success(), "{written:?}");
    let tree = tree();
    let commands = all(&tree);
    assert_eq!(std::fs::read_dir(&pages)?.count(), commands.len());
    for one in commands {
        let file = pages.join(format!("{}.1", called(one).replace(' ', "-")));
        let page = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let name = called(one);
        for chapter in [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "EXIT STATUS",
            "ENVIRONMENT",
            "SEE ALSO",
        ] {
            assert!(
                page.contains(&format!(".SH \"{chapter}\"")) || page.contains(&format!(".SH {chapter}")),
                "{name} has no {chapter}:\n{page}"
            );
        }
        assert!(page.contains(".SH EXAMPLES"), "{name} has no EXAMPLES:\n{page}");
        assert_eq!(complaints(page.as_bytes())?, "", "{name}");
    }
    assert!(
        !complaints(b".TH a 1\n.nosuch\n")?.is_empty(),
        "groff complains of what is wrong"
    );
    Ok(())
}
