//! What holds for any bytes on any topic.
