//! LOAD: the target file, which names the server under test.
