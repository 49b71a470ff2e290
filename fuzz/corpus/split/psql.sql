COPY t (a, b) FROM stdin;
1	it's
\.
\copy u from stdin
2
\.
SELECT 1 \gexec
\i other.sql
