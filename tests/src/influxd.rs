//! A real InfluxDB 1.x: its own folder, its own port, stopped by its pid.

use anyhow::{Context, bail};
use serde_json::Value;
use tempfile::TempDir;

use crate::certificate::{Authority, Pair};
use crate::server::{Server, encode, free_port, http};

const PROGRAM: &str = "/usr/bin/influxd";

/// A database server; killed when dropped.
pub struct Influxd {
    folder: TempDir,
    port: u16,
    has_auth: bool,
    /// Further lines of the configuration's section `[http]`.
    limits: String,
    server: Option<Server>,
    /// Who asks it over TLS; none: it speaks plain HTTP.
    tls: Option<reqwest::Client>,
    /// User and password of queries and writes.
    login: Option<(String, String)>,
    /// Whether it runs its continuous queries.
    is_continuous: bool,
}

impl Influxd {
    /// Starts a server without databases; with `has_auth` it wants user and password.
    ///
    /// # Errors
    /// When it is not installed or does not come up.
    pub async fn start(has_auth: bool) -> anyhow::Result<Self> {
        let mut influxd = Self {
            folder: tempfile::tempdir()?,
            port: free_port()?,
            has_auth,
            limits: String::new(),
            server: None,
            tls: None,
            login: None,
            is_continuous: false,
        };
        influxd.restart().await?;
        Ok(influxd)
    }

    /// Lets it run its continuous queries, from the next start on.
    pub fn run_continuous_queries(&mut self) {
        self.is_continuous = true;
    }

    /// Starts a server without databases that speaks https with this certificate.
    ///
    /// # Errors
    /// When it is not installed or does not come up.
    pub async fn start_tls(authority: &Authority, pair: &Pair) -> anyhow::Result<Self> {
        let mut influxd = Self {
            folder: tempfile::tempdir()?,
            port: free_port()?,
            has_auth: false,
            limits: String::new(),
            server: None,
            tls: Some(authority.visitor()?),
            login: None,
            is_continuous: false,
        };
        influxd.present(pair).await?;
        Ok(influxd)
    }

    /// Starts it again with another certificate.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn present(&mut self, pair: &Pair) -> anyhow::Result<()> {
        pair.write(self.folder.path(), "server")?;
        self.restart().await
    }

    /// Starts it (again), on the same port and with what it had on disk.
    ///
    /// # Errors
    /// When it is not installed or does not come up.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.kill()?;
        let configuration = self.folder.path().join("influxdb.conf");
        std::fs::write(&configuration, self.configuration())?;
        let log = self.folder.path().join("influxd.log");
        let configuration = configuration.display().to_string();
        let mut server = Server::start(PROGRAM, "influxdb", &["-config", &configuration], &log)?;
        match &self.tls {
            None => server.wait_until_ready(self.port, "/ping").await?,
            Some(_) => server.wait_until_listening(self.port).await?,
        }
        self.server = Some(server);
        Ok(())
    }

    /// The same with further lines in the section `[http]` of its configuration.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn restart_with(&mut self, limits: &str) -> anyhow::Result<()> {
        self.limits = limits.to_owned();
        self.restart().await
    }

    /// Stops its processes where they stand: it takes connections and never answers.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn freeze(&self) -> anyhow::Result<()> {
        self.server
            .as_ref()
            .map_or(Ok(()), |server| server.signal("STOP"))
    }

    /// Goes on after [`Influxd::freeze`].
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn thaw(&self) -> anyhow::Result<()> {
        self.server
            .as_ref()
            .map_or(Ok(()), |server| server.signal("CONT"))
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.server.take().map_or(Ok(()), Server::kill)
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        match &self.tls {
            None => format!("http://127.0.0.1:{}", self.port),
            Some(_) => format!("https://localhost:{}", self.port),
        }
    }

    /// Makes the administrator whom later queries use. Only this one query is allowed before.
    ///
    /// # Errors
    /// As [`Influxd::query`].
    pub async fn create_admin(&mut self, user: &str, password: &str) -> anyhow::Result<()> {
        self.query(
            "",
            &format!("CREATE USER {user} WITH PASSWORD '{password}' WITH ALL PRIVILEGES"),
        )
        .await?;
        self.log_in(user, password);
        Ok(())
    }

    /// From now on queries and writes come from this user.
    pub fn log_in(&mut self, user: &str, password: &str) {
        self.login = Some((user.to_owned(), password.to_owned()));
    }

    /// Asks in InfluxQL; gives the first result's series.
    ///
    /// # Errors
    /// When there is no answer or the answer is an error.
    pub async fn query(&self, database: &str, text: &str) -> anyhow::Result<Vec<Series>> {
        let path = format!(
            "/query?db={}&epoch=ms&q={}{}",
            encode(database),
            encode(text),
            self.credentials()
        );
        let (status, body) = match &self.tls {
            None => http(self.port, "POST", &path, "", "").await?,
            Some(visitor) => {
                let answer = visitor.post(self.url() + &path).send().await?;
                (answer.status().as_u16(), answer.text().await?)
            }
        };
        let answer: Value = serde_json::from_str(&body).with_context(|| body.clone())?;
        let result = &answer["results"][0];
        if status != 200 || result.get("error").is_some() {
            bail!("{text}: {status} {body}");
        }
        let series = result["series"].as_array().cloned().unwrap_or_default();
        Ok(series.into_iter().map(Series).collect())
    }

    /// The single number that a query gives; 0 where it gives nothing.
    ///
    /// # Errors
    /// As [`Influxd::query`].
    pub async fn number(&self, database: &str, text: &str) -> anyhow::Result<f64> {
        let series = self.query(database, text).await?;
        Ok(series
            .first()
            .and_then(|series| series.0["values"][0][1].as_f64())
            .unwrap_or(0.0))
    }

    /// Writes lines as another program would; the status and the words of the answer.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn write(&self, database: &str, lines: &str) -> anyhow::Result<(u16, String)> {
        let path = format!(
            "/write?db={}&precision=ms{}",
            encode(database),
            self.credentials()
        );
        http(self.port, "POST", &path, "", lines).await
    }

    fn credentials(&self) -> String {
        let login = self.login.as_ref();
        login.map_or_else(String::new, |(user, password)| {
            format!("&u={}&p={}", encode(user), encode(password))
        })
    }

    fn configuration(&self) -> String {
        let tls = match &self.tls {
            None => String::new(),
            Some(_) => {
                let at = |name: &str| self.folder.path().join(name).display().to_string();
                format!(
                    "https-enabled = true\nhttps-certificate = \"{}\"\nhttps-private-key = \"{}\"\n",
                    at("server.pem"),
                    at("server.key")
                )
            }
        };
        let (folder, port, has_auth) = (self.folder.path().display(), self.port, self.has_auth);
        let (limits, is_continuous) = (&self.limits, self.is_continuous);
        format!(
            "reporting-disabled = true\nbind-address = \"127.0.0.1:0\"\n\
             [meta]\ndir = \"{folder}/meta\"\n\
             [data]\ndir = \"{folder}/data\"\nwal-dir = \"{folder}/wal\"\nquery-log-enabled = false\n\
             [http]\nbind-address = \"127.0.0.1:{port}\"\nauth-enabled = {has_auth}\nlog-enabled = false\n{tls}{limits}\n\
             [monitor]\nstore-enabled = false\n[subscriber]\nenabled = false\n[continuous_queries]\nenabled = {is_continuous}\n"
        )
    }
}

/// One series of an answer.
#[derive(Clone, Debug)]
pub struct Series(pub Value);

impl Series {
    /// A tag that the query grouped by.
    pub fn tag(&self, key: &str) -> Option<&str> {
        self.0["tags"][key].as_str()
    }

    /// Its rows, the instant (Unix milliseconds) first.
    pub fn rows(&self) -> Vec<Vec<Value>> {
        let rows = self.0["values"].as_array().cloned().unwrap_or_default();
        rows.into_iter()
            .filter_map(|row| row.as_array().cloned())
            .collect()
    }
}
