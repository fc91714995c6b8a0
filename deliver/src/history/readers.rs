//! A few readers shared by many requests, off the async executor.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Reader, Result};

/// Idle connections kept; more requests at once open (and then close) one of their own.
const KEPT: usize = 4;

/// Readers of one history file, lent to one request each.
#[derive(Clone, Debug)]
pub struct Readers {
    path: Arc<Path>,
    idle: Arc<Mutex<Vec<Reader>>>,
}

impl Readers {
    /// Of the file at `path`; it is opened when first asked.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self {
            path: path.into(),
            idle: Arc::default(),
        }
    }

    /// Asks the history on a thread that may block.
    ///
    /// # Errors
    /// What the question gives, or that the file cannot be opened.
    pub async fn ask<T, Question>(&self, question: Question) -> Result<T>
    where
        T: Send + 'static,
        Question: FnOnce(&Reader) -> Result<T> + Send + 'static,
    {
        let readers = self.clone();
        tokio::task::spawn_blocking(move || readers.ask_here(question))
            .await
            .expect("a question to the history does not panic and is not cancelled")
    }

    fn ask_here<T>(&self, question: impl FnOnce(&Reader) -> Result<T>) -> Result<T> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = match idle {
            Some(reader) => reader,
            None => Reader::open(&self.path)?,
        };
        let answer = question(&reader)?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(reader);
        }
        Ok(answer)
    }
}
