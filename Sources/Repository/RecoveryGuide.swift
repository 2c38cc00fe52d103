import Streams

/// `RECOVERY.md`: how to restore a point with age, zstd, tar, jq, coreutils and psql, and nothing of ours.
///
/// The blocks are one bash script, cut by prose: a test runs them literally. Names from the index reach the shell only as
/// base64 and reach psql only as arguments that it hands to the server, so a hostile name is never interpreted.
package enum RecoveryGuide {
    private static let title = "# Restoring without Lifeboat\n"

    static func text(for descriptor: RepositoryDescriptor) -> String {
        """
        \(title)
        This folder is Lifeboat repository `\(descriptor.id)`, format 1, created \(descriptor.created).
        With Lifeboat: `lifeboat restore latest --from THIS-FOLDER --identity FILE --to URL`.

        What follows needs only bash, [age](https://age-encryption.org), zstd, GNU tar, jq, psql, and what every Debian has
        (coreutils, findutils, grep, sed); and the identity of one of the recipients:

        \(descriptor.recipients.map { "- `\($0)`" }.joined(separator: "\n"))

        Paste the blocks one after the other into one bash session, or run them all:
        `sed -n '/^```bash$/,/^```$/p' RECOVERY.md | grep -v '^```' > recover.sh`, then
        `PLAN=shop TARGET=dbname=restored IDENTITY=escrow.txt bash recover.sh`.

        They decrypt and check hashes. They do not check who signed a point: believe the folder, or use Lifeboat.

        """ + body
    }

    /// Whether a file under the guide's name was written by us, so that an interrupted creation may write it again.
    static func isOurs(_ source: any ByteSource) throws -> Bool {
        var start = [UInt8](repeating: 0, count: title.utf8.count)
        let count = try start.withUnsafeMutableBytes { try source.readFully(into: $0) }
        return start[..<count].elementsEqual(title.utf8)
    }

    private static let body = #"""
        ## 1. What to restore, and where to

        Points lie under `points/PLAN/YEAR/MONTH/`, named after the instant they show (UTC). Set `PLAN` to the folder's name, or
        `POINT` to the path of one file. Without `POINT` the newest of the plan is taken: the one with the latest name, where a
        file's own time, if it is earlier than its name, counts instead, for a clock may have been fast. Copies of a repository
        can have lost these times: hold what the first block prints against what you know, and name `POINT` when in doubt.

        `TARGET` is an empty database that was made for this (`createdb --template template0 --encoding UTF8 shop`); take the
        encoding and locale from `index.json` below when they matter. Connect as a superuser, straight to the server. Passwords
        belong in `~/.pgpass`, not in `TARGET`. What is decrypted lies in a new folder below `WORK` and is removed at the end,
        also when something stops: there must be room for the largest archive and the rows of a table.

        `IDENTITY` is the file `operator.identity`, or the line of the escrow sheet that begins with `AGE-SECRET-KEY-1`,
        without the spaces before it, saved in a file.

        ```bash
        set -euo pipefail
        umask 077
        export LC_ALL=C
        REPO=${REPO:-$PWD}
        IDENTITY=${IDENTITY:-$HOME/escrow.txt}
        TARGET=${TARGET:-dbname=restored}
        if [ -z "${POINT:-}" ]; then
          plans=$(find "$REPO/points" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort)
          if [ -z "${PLAN:-}" ] && [ "$(wc -l <<< "$plans")" = 1 ]; then PLAN=$plans; fi
          if ! grep -qxF -e "${PLAN:-}" <<< "$plans" || [ -z "${PLAN:-}" ]; then
            printf 'no plan is called "%s" here; set PLAN to one of these:\n%s\n' "${PLAN:-}" "$plans" >&2
            exit 1
          fi
          POINT=$(TZ=UTC find "$REPO/points/$PLAN" -name '*.point' -printf '%f %TY%Tm%TdT%TH%TM%TSZ %p\n' \
            | while read -r name written path; do
                if [[ $name < $written ]]; then written=$name; fi
                printf '%s\t%s\n' "$written" "$path"
              done | sort | tail -n 1 | cut -f 2)
        fi
        WORK=$(mktemp -d -p "${WORK:-${TMPDIR:-/tmp}}")
        trap 'rm -rf "$WORK"' EXIT
        echo "restoring $POINT into $TARGET, working in $WORK"
        ```

        ## 2. Open the point

        A point is one line of JSON, then two age files: the index and the catalog. The line says how long they are.

        ```bash
        head -n 1 "$POINT" > "$WORK/header.json"
        start=$(wc -c < "$WORK/header.json")
        index_bytes=$(jq '.sections[] | select(.name == "index") | .bytes' "$WORK/header.json")
        catalog_bytes=$(jq '.sections[] | select(.name == "catalog") | .bytes' "$WORK/header.json")
        cut_bytes() { dd if="$1" iflag=skip_bytes,count_bytes bs=64K skip="$2" count="$3" status=none; }
        cut_bytes "$POINT" "$start" "$index_bytes" | age -d -i "$IDENTITY" | zstd -d > "$WORK/index.json"
        cut_bytes "$POINT" "$((start + index_bytes))" "$catalog_bytes" \
          | age -d -i "$IDENTITY" | zstd -d > "$WORK/catalog.json"
        echo "$(jq -r .catalog.sha256 "$WORK/index.json")  $WORK/catalog.json" | sha256sum -c --quiet
        jq '{point, recovery_instant: .snapshot.instant, source, tables: (.tables | length)}' "$WORK/index.json"
        ```

        ## 3. Roles, then the schema without indexes and constraints

        Roles that are missing are made, without passwords; roles that exist stay as they are.

        Every session sets aside what the restored database has for its own: time limits, a role, a search path. A statement that
        the target refuses is printed, and the rest goes on; at the end the script counts what failed and does not say
        `restored`. In this step that is a table with a generated column, say, whose function looks for another table without
        its schema, and then whatever needs that table.

        ```bash
        export PGCLIENTENCODING=UTF8
        export PGOPTIONS="${PGOPTIONS:-} -c role=none -c search_path= -c statement_timeout=0 -c lock_timeout=0
          -c idle_in_transaction_session_timeout=0 -c idle_session_timeout=0 -c default_transaction_read_only=off
          -c row_security=off -c array_nulls=on -c xmloption=content -c standard_conforming_strings=on
          -c client_min_messages=warning"
        ask() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$TARGET" "$@"; }
        sql() { psql -X -q -o /dev/null -d "$TARGET" "$@"; }
        if [ "$(ask -c 'SHOW server_version_num')" -ge 170000 ]; then PGOPTIONS+=' -c transaction_timeout=0'; fi
        relations=$(ask -c "SELECT count(*) FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
          AND relnamespace::regnamespace::text !~ '^pg_' AND NOT EXISTS (
            SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = pg_class.oid AND d.deptype = 'e')")
        if [ "$relations" != 0 ]; then echo "$TARGET is not empty" >&2; exit 1; fi
        failures=0
        # Runs file $1, past what fails; psql prints such a statement beside the error.
        go_through() {
          sql -b -f "$1" 2> "$WORK/errors" || { cat "$WORK/errors" >&2; exit 1; }
          cat "$WORK/errors" >&2
          failures=$((failures + $(grep -c 'STATEMENT:  ' "$WORK/errors" || true)))
        }
        text() { jq -r --arg field "$1" '.[$field] // empty' "$WORK/catalog.json"; }
        text rolesSQL > "$WORK/roles.sql"
        text preDataSQL > "$WORK/pre-data.sql"
        text postDataSQL > "$WORK/post-data.sql"
        sql -v ON_ERROR_STOP=1 -f "$WORK/roles.sql"
        go_through "$WORK/pre-data.sql"
        ```

        ## 4. Rows

        The index names, for every table, the archives and the byte ranges of their tar streams that hold its rows: zstd
        members, whose contents one after the other are COPY text. Archives of earlier points are among them; each is
        checked, decrypted, used and deleted.

        Some tables call functions of the database while they are loaded, for a generated column or the condition of a domain,
        and these may look into other tables. So the script loads such tables after all others, and once more those that were
        refused. A table whose rows are refused is left empty, and named at the end. Where generated columns look into another
        of these tables they may have been worked out too early: hold them against their expressions, and mend a wrong one with
        `UPDATE ... SET column = DEFAULT`.

        ```bash
        cat > "$WORK/late.sql" <<'SQL'
        SELECT coalesce(json_agg(DISTINCT jsonb_build_array(t.nspname, t.relname)), '[]') FROM (
        \#(LateTables.sql)
        ) AS t
        SQL
        ask -f "$WORK/late.sql" > "$WORK/late.json"
        settings=$(jq -r '
          def literal: "\u0027" + gsub("\u0027"; "\u0027\u0027") + "\u0027";
          .settings | to_entries | map("(" + (.key | literal) + ", " + (.value | literal) + ")") | join(", ")
          | if . == "" then "SELECT" else
            "SELECT pg_catalog.set_config(s.name, v.value, false) FROM (VALUES " + . + ") AS v (name, value)"
            + " JOIN pg_catalog.pg_settings AS s ON lower(s.name) = lower(v.name) WHERE s.context = \u0027user\u0027" end
          ' "$WORK/index.json")
        jq -r --slurpfile late "$WORK/late.json" '
          def name: "\"" + gsub("\""; "\"\"") + "\"";
          .source.encoding as $encoding
          | .tables[]
          | [.schema, .name] as $identity
          | (if ($late[0] | any(. == $identity)) then "late" else "early" end) as $turn
          | ((.schema | name) + "." + (.name | name)) as $table
          | ("COPY " + $table
             + (if .columns == [] then "" else " (" + (.columns | map(name) | join(", ")) + ")" end)
             + " FROM STDIN WITH (ENCODING \u0027" + $encoding + "\u0027)") as $copy
          | .ranges[] | select(.location.length > 0)
          | "\($turn) \($table | @base64) \(.location.archive) \(.location.offset) \(.location.length)"
            + " \(.location.sha256) \($copy | @base64)"
          ' "$WORK/index.json" > "$WORK/ranges"
        jq -r '
          .source.encoding as $encoding
          | ("COPY pg_temp.pages FROM STDIN WITH (ENCODING \u0027" + $encoding + "\u0027)") as $copy
          | (.largeObjects // empty) | .ranges[] | select(.location.length > 0)
          | "\(.location.archive) \(.location.offset) \(.location.length) \(.location.sha256) \($copy | @base64)"
          ' "$WORK/index.json" > "$WORK/large-object-ranges"

        # Leaves the tar of archive $1 in $WORK/archive.tar.
        open_archive() {
          local file="$REPO/archives/${1:0:2}/$1.tar.age"
          jq -r --arg id "$1" '.archives[] | select(.id == $id) | .sha256' "$WORK/index.json" \
            | { read -r hash; echo "$hash  $file"; } | sha256sum -c --quiet
          age -d -i "$IDENTITY" "$file" > "$WORK/archive.tar"
        }
        # The COPY text in bytes $1 to $1 + $2 of the open tar, which must have the hash $3.
        rows() {
          cut_bytes "$WORK/archive.tar" "$1" "$2" > "$WORK/range.tar"
          echo "$3  $WORK/range.tar" | sha256sum -c --quiet
          tar -xO -f "$WORK/range.tar" | zstd -d
        }
        # Loads the ranges that file $1 lists; a table of which one is refused is emptied and left out.
        load() {
          for archive in $(cut -d ' ' -f 3 "$1" | sort -u); do
            open_archive "$archive"
            while read -r _ table _ offset length hash copy; do
              if grep -qxF "$table" "$WORK/refused"; then continue; fi
              rows "$offset" "$length" "$hash" > "$WORK/rows"
              if ! sql -v ON_ERROR_STOP=1 -c "$settings" -c "$(base64 -d <<< "$copy")" < "$WORK/rows"; then
                echo "$table" >> "$WORK/refused"
                sql -c "TRUNCATE ONLY $(base64 -d <<< "$table")" || true
              fi
            done < <(grep -F " $archive " "$1")
          done
        }
        : > "$WORK/refused"
        for turn in early late; do
          grep "^$turn " "$WORK/ranges" > "$WORK/$turn" || true
          load "$WORK/$turn"
        done
        if [ -s "$WORK/refused" ]; then
          sed 's/.*/ & /' "$WORK/refused" > "$WORK/patterns"
          grep -F -f "$WORK/patterns" "$WORK/ranges" > "$WORK/again"
          : > "$WORK/refused"
          load "$WORK/again"
        fi
        ```

        ## 5. Large objects, if there are any

        ```bash
        for oid in $(jq -r '(.largeObjects // empty) | .objects[].oid' "$WORK/index.json"); do
          sql -v ON_ERROR_STOP=1 -c "SELECT pg_catalog.lo_create($oid)"
        done
        for archive in $(cut -d ' ' -f 1 "$WORK/large-object-ranges" | sort -u); do
          open_archive "$archive"
          while read -r _ offset length hash copy; do
            rows "$offset" "$length" "$hash" > "$WORK/rows"
            sql -v ON_ERROR_STOP=1 -c "$settings" \
              -c "CREATE TEMPORARY TABLE pages (loid oid, pageno integer, data bytea)" \
              -c "$(base64 -d <<< "$copy")" \
              -c "SELECT CASE WHEN octet_length(data) > 0 THEN pg_catalog.lo_put(loid, pageno * 2048::bigint, data) IS NULL
                  ELSE pg_catalog.lo_truncate64(pg_catalog.lo_open(loid, 131072), pageno * 2048::bigint) IS NULL END
                  FROM (SELECT * FROM pg_temp.pages ORDER BY loid, pageno) AS p" < "$WORK/rows"
          done < <(grep "^$archive " "$WORK/large-object-ranges")
        done
        jq -r '
          def name: "\"" + gsub("\""; "\"\"") + "\"";
          def literal: "\u0027" + gsub("\u0027"; "\u0027\u0027") + "\u0027";
          (.largeObjects // empty) | .objects[] | "LARGE OBJECT \(.oid)" as $object
          | "ALTER \($object) OWNER TO " + (.owner | name),
            (if .comment then "COMMENT ON \($object) IS " + (.comment | literal) else empty end),
            (if .privileges then
              "REVOKE ALL ON \($object) FROM PUBLIC, " + (.owner | name),
              "DO " + ("DECLARE g record; BEGIN FOR g IN SELECT a.privilege_type, a.is_grantable,"
                + " CASE a.grantee WHEN 0 THEN \u0027PUBLIC\u0027 ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS who"
                + " FROM pg_catalog.aclexplode(" + (.privileges | literal) + ") AS a LOOP"
                + " EXECUTE \u0027GRANT \u0027 || g.privilege_type || \u0027 ON \($object) TO \u0027 || g.who"
                + " || CASE WHEN g.is_grantable THEN \u0027 WITH GRANT OPTION\u0027 ELSE \u0027\u0027 END;"
                + " END LOOP; END" | literal)
            else empty end)
          | @base64
          ' "$WORK/index.json" > "$WORK/large-object-properties"
        while read -r statement; do
          sql -v ON_ERROR_STOP=1 -c "SET standard_conforming_strings = on" -c "$(base64 -d <<< "$statement")"
        done < "$WORK/large-object-properties"
        ```

        ## 6. Sequences, then indexes, constraints, triggers and privileges

        Every row is there by now, so here too the script goes past what fails and prints it. Run those statements by hand later,
        in the order in which they were printed, when their causes are mended. A condition (`ADD CONSTRAINT` with `CHECK` or
        `FOREIGN KEY`) that the rows do not meet holds for new rows with ` NOT VALID` in front of its semicolon. An index, a
        condition or a view over a function that looks for a table without its schema wants that function to have a path first:
        `ALTER FUNCTION ... SET search_path = ...`.

        ```bash
        # As text: jq keeps numbers above 2^53 less exactly than sequences count.
        sed -E 's/"lastValue":(-?[0-9]+)/"lastValue":"\1"/g' "$WORK/index.json" | jq -r '
          def name: "\"" + gsub("\""; "\"\"") + "\"";
          def literal: "\u0027" + gsub("\u0027"; "\u0027\u0027") + "\u0027";
          .sequences[] | "SELECT pg_catalog.setval(" + (((.schema | name) + "." + (.name | name)) | literal)
            + "::pg_catalog.regclass, \(.lastValue), \(.isCalled))" | @base64
          ' > "$WORK/sequences"
        while read -r statement; do
          sql -v ON_ERROR_STOP=1 -c "$(base64 -d <<< "$statement")" || failures=$((failures + 1))
        done < "$WORK/sequences"
        go_through "$WORK/post-data.sql"
        sql -v ON_ERROR_STOP=1 -c "ANALYZE" || echo "some tables have no statistics" >&2
        while read -r table; do
          printf 'no rows came back in %s\n' "$(base64 -d <<< "$table" | cat -v)" >&2
          failures=$((failures + 1))
        done < "$WORK/refused"
        rm -rf "$WORK"
        if [ "$failures" != 0 ]; then echo "NOT COMPLETE: $failures failures, each printed above" >&2; exit 1; fi
        echo "restored"
        ```
        """#
}
