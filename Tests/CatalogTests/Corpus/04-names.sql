-- Names that try to break out of whatever they are put into.
CREATE SCHEMA "it's ""quoted""";
CREATE SCHEMA "new
line; DROP TABLE x; --";
CREATE TABLE "new
line; DROP TABLE x; --"."\! touch /tmp/owned
\connect other" ("a
b" integer DEFAULT 1, "per%cent %s %I" text DEFAULT E'back\\slash\n''q''', "$1" text, "select" integer, " lead" text, "Ünï©ödé ☃" text,
    "x:y :'z' :""w""" text, "tab	bed" text, CONSTRAINT "chk'""\" CHECK ("select" > 0));
COMMENT ON TABLE "new
line; DROP TABLE x; --"."\! touch /tmp/owned
\connect other" IS E'line one\nline ''two'' \\ \\! id\n-- three $$ $x$';
COMMENT ON COLUMN "new
line; DROP TABLE x; --"."\! touch /tmp/owned
\connect other"."a
b" IS 'c';
CREATE INDEX "idx
'""\x" ON "new
line; DROP TABLE x; --"."\! touch /tmp/owned
\connect other" ("a
b");
CREATE TABLE "it's ""quoted"""."aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123" ("user" integer PRIMARY KEY, "order" serial);
CREATE TYPE "it's ""quoted"""."enum's" AS ENUM ('', ' ', 'a,b', '{}', '"', '\', 'NULL');
CREATE DOMAIN "it's ""quoted"""."do""main" AS text DEFAULT 'it''s';
CREATE FUNCTION "it's ""quoted"""."f""n'%"("arg name" text, "it's ""quoted"""."do""main") RETURNS text LANGUAGE sql AS $a$ SELECT '\! x' $a$;
CREATE VIEW "it's ""quoted"""."v
iew" AS SELECT "user" AS "a""b", '\x'::text AS "c'd" FROM "it's ""quoted"""."aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123";
GRANT SELECT ON "it's ""quoted"""."v
iew" TO "corpus ""odd"" role's = / ☃";
GRANT SELECT ("a""b") ON "it's ""quoted"""."v
iew" TO "corpus ""odd"" role's = / ☃", PUBLIC;
ALTER TABLE "it's ""quoted"""."aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123" OWNER TO "corpus ""odd"" role's = / ☃";
CREATE POLICY "p""o'l" ON "it's ""quoted"""."aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123" TO "corpus ""odd"" role's = / ☃";
