//! Publishes ready-made packets as fast as the broker takes them, or to a beat: MQTT 3.1.1, so that no window of the
//! broker's slows it down. At QoS 1 at most [`WINDOW`] messages wait for their acknowledgement.

use std::time::Duration;

use anyhow::{Context, bail};
use bytes::{Bytes, BytesMut};
use rumqttc_v4::{Connect, ConnectReturnCode, Packet, Publish, QoS};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;
use tokio::time::timeout;

use super::stream::Message;

/// Far below the number of packet identifiers.
const WINDOW: u64 = 20_000;
const PACKET_BYTES_MAX: usize = 1 << 16;
/// A broker that acknowledges nothing for so long is stuck.
const PATIENCE: Duration = Duration::from_secs(120);

/// Packets in one piece, and how many.
pub(super) struct Chunk {
    bytes: Bytes,
    messages: u64,
}

/// Packs messages; packet identifiers go round.
#[derive(Default)]
pub(super) struct Packer {
    packed: usize,
}

impl Packer {
    pub(super) fn pack(
        &mut self,
        messages: impl IntoIterator<Item = Message>,
        is_acknowledged: bool,
    ) -> anyhow::Result<Chunk> {
        let mut bytes = BytesMut::new();
        let mut count = 0;
        let qos = if is_acknowledged {
            QoS::AtLeastOnce
        } else {
            QoS::AtMostOnce
        };
        for Message { topic, payload } in messages {
            let mut publish = Publish::new(topic, qos, payload);
            publish.pkid = u16::try_from(self.packed % usize::from(u16::MAX)).unwrap_or(0) + 1;
            publish.write(&mut bytes)?;
            self.packed += 1;
            count += 1;
        }
        Ok(Chunk {
            bytes: bytes.freeze(),
            messages: if is_acknowledged { count } else { 0 },
        })
    }
}

/// A connection that publishes.
pub(super) struct Publisher {
    stream: OwnedWriteHalf,
    acknowledged: watch::Receiver<u64>,
    sent: u64,
}

impl Publisher {
    pub(super) async fn connect(port: u16, id: &str) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        let mut connect = Connect::new(id);
        connect.keep_alive = 0;
        let mut bytes = BytesMut::new();
        connect.write(&mut bytes)?;
        stream.write_all(&bytes).await?;
        let mut heard = BytesMut::new();
        let answer = loop {
            anyhow::ensure!(
                stream.read_buf(&mut heard).await? > 0,
                "the broker hangs up at once"
            );
            match Packet::read(&mut heard, PACKET_BYTES_MAX) {
                Err(rumqttc_v4::mqttbytes::Error::InsufficientBytes(_)) => {}
                other => break other?,
            }
        };
        match answer {
            Packet::ConnAck(answer) if answer.code == ConnectReturnCode::Success => {}
            other => bail!("the broker refuses the bench: {other:?}"),
        }
        let (reader, writer) = stream.into_split();
        let (told, acknowledged) = watch::channel(0);
        tokio::spawn(count_acknowledgements(reader, heard, told));
        Ok(Self {
            stream: writer,
            acknowledged,
            sent: 0,
        })
    }

    /// Sends a chunk once the window has room.
    pub(super) async fn send(&mut self, chunk: &Chunk) -> anyhow::Result<()> {
        self.until_waiting_at_most(WINDOW).await?;
        self.stream.write_all(&chunk.bytes).await?;
        self.sent += chunk.messages;
        Ok(())
    }

    /// Waits until the broker has everything that is acknowledged.
    pub(super) async fn finish(&mut self) -> anyhow::Result<()> {
        self.until_waiting_at_most(0).await
    }

    async fn until_waiting_at_most(&mut self, count: u64) -> anyhow::Result<()> {
        let enough = self.sent.saturating_sub(count);
        let waiting = self.acknowledged.wait_for(|acknowledged| *acknowledged >= enough);
        let waited = timeout(PATIENCE, waiting).await;
        waited
            .context("the broker acknowledges nothing")?
            .context("the broker has hung up")?;
        Ok(())
    }
}

async fn count_acknowledgements(mut reader: OwnedReadHalf, mut heard: BytesMut, told: watch::Sender<u64>) {
    loop {
        let mut count = 0;
        while let Ok(packet) = Packet::read(&mut heard, PACKET_BYTES_MAX) {
            count += u64::from(matches!(packet, Packet::PubAck(_)));
        }
        if count > 0 {
            told.send_modify(|acknowledged| *acknowledged += count);
        }
        heard.reserve(PACKET_BYTES_MAX);
        match reader.read_buf(&mut heard).await {
            Ok(bytes) if bytes > 0 => {}
            _ => return,
        }
    }
}
