.mode csv
CREATE TRIGGER t AFTER UPDATE OF begin ON [x;] BEGIN UPDATE y SET a = CASE WHEN 1 THEN 2 END; END;--> statement-breakpoint
SELECT ?1, :a, @b, $c /* open