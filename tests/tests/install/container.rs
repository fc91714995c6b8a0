//! What can be tried of the containers without an engine: the files agree with each other, and the program runs as its image
//! would have it run. No image is built here, and none is pulled.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail, ensure};
use serde_json::Value;
use tests::idlewatt::{WITHIN, binary};
use yaml_rust2::{Yaml, YamlLoader};

const CONFIGURATION: &str = "/etc/idlewatt/idlewatt.toml";
/// The user of the image.
const USER: u32 = 10001;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/docker")
}

fn run(command: &mut Command) -> anyhow::Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("{program} is missing"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        output.status.success(),
        "{program}: {}\n{said}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(said)
}

/// Secrets and certificates as `prepare` makes them, in a copy of the folder.
fn prepared() -> anyhow::Result<tempfile::TempDir> {
    let copy = tempfile::tempdir()?;
    let files = ["prepare", "idlewatt.toml", "mosquitto.conf"];
    for file in files {
        std::fs::copy(folder().join(file), copy.path().join(file))?;
    }
    run(Command::new(copy.path().join("prepare")).args(["machine.example", "ct1=secret of the meter"]))?;
    Ok(copy)
}

/// The file as docker-compose has read it, checked against its schema, and filled in.
fn compose() -> anyhow::Result<Yaml> {
    let text = std::fs::read_to_string(folder().join("compose.yaml"))?;
    // the name of the project came into the specification after the version that Debian has
    let text = text.replace("\nname: idlewatt\n", "\n");
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), text)?;
    let mut reader = Command::new("docker-compose");
    reader
        .arg("--project-directory")
        .arg(folder())
        .arg("--file")
        .arg(file.path())
        .arg("config");
    let read = run(&mut reader).context("apt-get install --no-install-recommends docker-compose")?;
    let documents = YamlLoader::load_from_str(&read)?;
    documents.into_iter().next().context("a document")
}

/// No rights, a root that cannot be written, bounds on everything that grows.
fn confined(name: &str, service: &Yaml) -> anyhow::Result<()> {
    ensure!(
        service["read_only"].as_bool() == Some(true),
        "{name} may write to its root"
    );
    ensure!(
        service["cap_drop"][0].as_str() == Some("ALL"),
        "{name} has rights"
    );
    let option = service["security_opt"][0].as_str();
    ensure!(option == Some("no-new-privileges:true"), "{name} may get rights");
    let size = service["logging"]["options"]["max-size"].as_str();
    ensure!(size == Some("10m"), "{name}'s log has no bound");
    for bound in ["mem_limit", "pids_limit", "healthcheck"] {
        ensure!(!service[bound].is_badvalue(), "{name} has no {bound}");
    }
    Ok(())
}

#[test]
fn every_service_is_confined_and_what_it_mounts_is_there() -> anyhow::Result<()> {
    let (compose, prepared) = (compose()?, prepared()?);
    let services = &compose["services"];
    let names: Vec<&str> = services
        .as_hash()
        .context("services")?
        .keys()
        .filter_map(Yaml::as_str)
        .collect();
    ensure!(
        names == ["grafana", "idlewatt", "influxdb", "mosquitto"],
        "{names:?}"
    );
    for name in names {
        confined(name, &services[name])?;
        for secret in services[name]["secrets"].as_vec().into_iter().flatten() {
            let source = secret["source"]
                .as_str()
                .or(secret.as_str())
                .context("a secret has a name")?;
            ensure!(
                prepared.path().join("secrets").join(source).exists(),
                "prepare makes no {source}"
            );
        }
    }
    let open = |name: &str| &services[name]["ports"];
    ensure!(
        open("influxdb").is_badvalue(),
        "the database is open to the network"
    );
    let grafana = open("grafana")[0].as_str().unwrap_or_default();
    ensure!(
        grafana.starts_with("127.0.0.1:"),
        "Grafana is open to the network: {grafana}"
    );

    let shipped = std::fs::read_to_string(folder().join("compose.yaml"))?;
    let mounts = shipped.lines().filter_map(|line| line.trim().strip_prefix("- ."));
    for mount in mounts {
        let path = format!(".{}", mount.split(':').next().unwrap_or_default());
        ensure!(
            folder().join(&path).exists(),
            "compose.yaml mounts {path}, which is not there"
        );
    }
    Ok(())
}

#[test]
fn the_images_steps_name_what_is_there() -> anyhow::Result<()> {
    let dockerfile = std::fs::read_to_string(folder().join("Dockerfile"))?;
    for line in [
        "cargo build --locked --package idlewatt --profile \"$PROFILE\"",
        &format!("USER {USER}:{USER}"),
        "ENTRYPOINT [\"/usr/bin/idlewatt\"]",
    ] {
        ensure!(dockerfile.contains(line), "the Dockerfile has no {line}");
    }
    let toolchain = std::fs::read_to_string(folder().join("../../rust-toolchain.toml"))?;
    let version = dockerfile
        .lines()
        .find_map(|line| line.strip_prefix("ARG RUST="))
        .context("ARG RUST")?;
    ensure!(
        toolchain.contains(version),
        "the image is built with Rust {version}: {toolchain}"
    );
    // what the build needs is let through to it
    let ignored = std::fs::read_to_string(folder().join("../../.dockerignore"))?;
    let members = std::fs::read_to_string(folder().join("../../Cargo.toml"))?;
    let members = members
        .lines()
        .find(|line| line.starts_with("members = "))
        .context("members")?;
    for room in members.split('"').skip(1).step_by(2) {
        ensure!(
            ignored.lines().any(|line| line == format!("!{room}")),
            ".dockerignore leaves {room} out"
        );
    }
    Ok(())
}

/// The program in a root that holds nothing but it, the C library, configuration and secrets; read-only but for its state.
struct Image {
    root: tempfile::TempDir,
    running: Option<Child>,
}

impl Image {
    fn make(prepared: &Path) -> anyhow::Result<Self> {
        let root = tempfile::tempdir()?;
        let at = |path: &str| root.path().join(path.trim_start_matches('/'));
        for place in [
            "usr/bin",
            "etc/idlewatt",
            "run",
            "var/lib/idlewatt",
            "tmp",
            "proc",
            "dev",
        ] {
            std::fs::create_dir_all(at(place))?;
        }
        std::fs::copy(binary()?, at("usr/bin/idlewatt"))?;
        std::fs::copy(prepared.join("idlewatt.toml"), at(CONFIGURATION))?;
        std::fs::write(at("etc/hosts"), "127.0.0.1 localhost\n")?;
        let linked = run(Command::new("ldd").arg(binary()?))?;
        for library in linked.split_whitespace().filter(|word| word.starts_with('/')) {
            let to = at(library);
            std::fs::create_dir_all(to.parent().context("a library stands in a folder")?)?;
            std::fs::copy(library, to)?;
        }
        run(Command::new("cp")
            .arg("--archive")
            .arg(prepared.join("secrets"))
            .arg(at("run")))?;
        std::fs::set_permissions(at("run/secrets"), std::fs::Permissions::from_mode(0o755))?;
        std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o755))?;
        chown(at("var/lib/idlewatt"), Some(USER), Some(USER))?;
        Ok(Self { root, running: None })
    }

    /// The program in it with these arguments, as the user of the image, in a root of its own that is read-only but for the
    /// state, and with a network of its own. All of it ends with the process.
    fn start(&mut self, arguments: &[&str]) -> anyhow::Result<()> {
        let script = r#"mount --bind "$1" "$1"
            mount --bind "$1/var/lib/idlewatt" "$1/var/lib/idlewatt"
            mount -o remount,bind,ro "$1"
            ip link set lo up
            exec setpriv --no-new-privs chroot --userspec=$2:$2 "$1" "${@:3}""#;
        let log = std::fs::File::create(self.log())?;
        let child = Command::new("unshare")
            .args([
                "--mount", "--net", "--pid", "--fork", "--", "bash", "-euc", script, "bash",
            ])
            .arg(self.root.path())
            .arg(USER.to_string())
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("STATE_DIRECTORY", "/var/lib/idlewatt")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("unshare")?;
        self.running = Some(child);
        Ok(())
    }

    /// A program of this machine within its mounts and its network.
    fn beside(&self) -> anyhow::Result<Command> {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.pid()?, "--mount", "--net", "--"]);
        Ok(command)
    }

    fn pid(&self) -> anyhow::Result<String> {
        let unshare = self.running.as_ref().context("it runs")?.id();
        let children = std::fs::read_to_string(format!("/proc/{unshare}/task/{unshare}/children"))?;
        Ok(children
            .split_whitespace()
            .next()
            .context("it has begun")?
            .to_owned())
    }

    fn log(&self) -> PathBuf {
        self.root.path().join("tmp/log")
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        // unshare's --kill-child does not outlive the change of the user
        drop(
            self.pid()
                .map(|pid| Command::new("kill").args(["-KILL", &pid]).status()),
        );
        if let Some(mut running) = self.running.take() {
            drop(running.kill());
            drop(running.wait());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_runs_unprivileged_on_a_read_only_root_and_its_health_check_answers() -> anyhow::Result<()>
{
    let (compose, prepared) = (compose()?, prepared()?);
    let mut image = Image::make(prepared.path())?;
    let user = USER.to_string();
    let owner = format!("--userspec={user}:{user}");
    // what the Dockerfile runs, and what compose.yaml asks again and again
    image.start(&["/usr/bin/idlewatt", "serve", "--config", CONFIGURATION])?;
    let check = compose["services"]["idlewatt"]["healthcheck"]["test"]
        .as_vec()
        .context("a health check")?;
    let check: Vec<&str> = check.iter().skip(1).filter_map(Yaml::as_str).collect();
    let asked = async {
        loop {
            let running = image.running.as_mut().context("it runs")?;
            if let Some(status) = running.try_wait()? {
                bail!("it ended, {status}");
            }
            if let Ok(mut beside) = image.beside() {
                let root = image.root.path();
                let answer = beside.args(["chroot", &owner]).arg(root).args(&check).output()?;
                if let Ok(status) = serde_json::from_slice::<Value>(&answer.stdout) {
                    return Ok((answer.status, status));
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    let asked = tokio::time::timeout(WITHIN, asked)
        .await
        .context("its health check never answers")
        .flatten();
    let log = image.log();
    let (code, status) = asked.with_context(|| std::fs::read_to_string(log).unwrap_or_default())?;
    // there is no broker: that is said, and is what makes it unhealthy
    ensure!(code.code() == Some(1), "{code}: {status:#}");
    ensure!(status["brokers"][0]["is_up"] == false, "{status:#}");
    ensure!(
        image.root.path().join("var/lib/idlewatt/journal.sqlite").exists(),
        "its state is kept"
    );
    let written = image
        .beside()?
        .arg("touch")
        .arg(image.root.path().join("etc/written"))
        .output()?;
    ensure!(!written.status.success(), "its root can be written to");
    Ok(())
}
