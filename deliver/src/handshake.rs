//! What the words of a failed TLS handshake mean to a person. The words are those of rustls, whose errors reach us only as
//! text; a test with real servers notices when they change.

/// What a failed handshake means, and how to mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handshake {
    /// What is wrong, of the other side or of us.
    pub(crate) what: &'static str,
    /// How to mend it.
    pub(crate) mend: &'static str,
}

/// Words of an error, and what they mean; the first that fits counts.
const TABLE: [(&[&str], Handshake); 8] = [
    (
        &["UnknownIssuer"],
        Handshake {
            what: "its certificate is signed by an authority that we do not trust",
            mend: "name the PEM of that authority in 'ca_file'; where it is named, ask who made the certificate",
        },
    ),
    (
        &["certificate expired"],
        Handshake {
            what: "its certificate has expired",
            mend: "renew the certificate there; is the clock of this machine right?",
        },
    ),
    (
        &["certificate not valid yet"],
        Handshake {
            what: "its certificate is not valid yet",
            mend: "set the clock of this machine, or of the one that made the certificate",
        },
    ),
    (
        &["certificate not valid for name"],
        Handshake {
            what: "its certificate is for another name",
            mend: "write in 'url' a name that the certificate is for, or have one made for the name in 'url'",
        },
    ),
    (
        &["alert: CertificateRequired"],
        Handshake {
            what: "it wants a certificate of ours and got none",
            mend: "name one, with its key in the same file, in 'client_pem_file'",
        },
    ),
    (
        &["alert: UnknownCA"],
        Handshake {
            what: "it does not trust the authority that signed our certificate",
            mend: "have ours signed by an authority that it knows, or name that authority there",
        },
    ),
    (
        &[
            "alert: BadCertificate",
            "alert: CertificateExpired",
            "alert: CertificateRevoked",
            "alert: CertificateUnknown",
            "alert: HandshakeFailure",
            "alert: UnsupportedCertificate",
        ],
        Handshake {
            what: "it does not accept our certificate, or its lack",
            mend: "renew our certificate, or name one that it accepts; its log says more",
        },
    ),
    (
        &["InvalidContentType", "corrupt message"],
        Handshake {
            what: "it does not speak TLS at this port",
            mend: "name the port that does, or write http:// or mqtt:// in 'url' where the network is trusted",
        },
    ),
];

/// What the words of an error mean, where they are of a handshake.
pub(crate) fn explain(words: &str) -> Option<Handshake> {
    let fits = |(known, _): &&(&[&str], Handshake)| known.iter().any(|known| words.contains(known));
    TABLE.iter().find(fits).map(|(_, handshake)| *handshake)
}
