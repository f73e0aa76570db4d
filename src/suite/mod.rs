//! LOAD: requirements, flows, client profiles and checks from YAML.
