//! One decoder per meter family: topic and payload in; readings, or a reason, out.
