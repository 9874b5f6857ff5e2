CREATE ROLE app LOGIN SUPERUSER;
SET password_encryption = 'md5';
CREATE ROLE by_md5 LOGIN PASSWORD 'tulip-md5';
SET password_encryption = 'scram-sha-256';
CREATE ROLE by_scram LOGIN PASSWORD 'tulip-scram';
CREATE ROLE by_cleartext LOGIN PASSWORD 'tulip-cleartext';
CREATE TABLE users (id serial PRIMARY KEY, name text, email text, born date);
INSERT INTO users (name, email, born) VALUES
    ('Ada', 'ada@example.com', '1985-12-10'),
    ('Grace', 'grace@example.com', '1976-12-09'),
    ('Edsger', NULL, '1990-05-11');
CREATE TABLE kinds (
    a_bool bool, an_int2 int2, an_int4 int4, an_int8 int8, a_float4 float4, a_float8 float8, a_numeric numeric,
    a_text text, a_varchar varchar(20), a_char char(5), a_bytea bytea, a_date date, a_time time, a_timetz timetz,
    a_timestamp timestamp, a_timestamptz timestamptz, an_interval interval, a_uuid uuid, an_inet inet, a_cidr cidr,
    a_json json, a_jsonb jsonb, some_ints int4[], some_texts text[], a_point point);
INSERT INTO kinds VALUES (
    true, -2, 2000000000, -9000000000, 1.5, -0.1, 12345.6789, 'grüße', 'short', 'pad', '\x00ff10', '2024-02-29',
    '13:14:15.5', '13:14:15+02', '2024-02-29 13:14:15.25', '2024-02-29 13:14:15+00', '1 year 2 months 3 days 04:05:06',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '192.168.1.7', '10.0.0.0/8', '{"a": 1}', '{"b": [true, null]}',
    '{{1,2},{3,4}}', '{plain,"with, comma",NULL}', '(1,2)');
INSERT INTO kinds (a_text) VALUES (NULL);
