-- bgmigrate: phase=expand reason="a \"b\""

-- bgmigrate: allow=drop-column,x reason=y batch=10 key=a,b
ALTER TABLE {{ .P }}t ADD ${x} int; {% if %} <%= y %> #{z} {w};
-- bgmigrate: sync=a.b<->c.d check="SELECT 1"
UPDATE t SET a = E'\'';