-- name: rules_work
-- The version there is work for: one to compare, or one in force whose windows are not all computed yet.
SELECT id, state, done_to, work_to FROM publicity_ruleversion
WHERE state = 'comparing' OR (state = 'in_force' AND (work_to IS NULL OR done_to < work_to))
ORDER BY state = 'comparing' DESC LIMIT 1

-- name: last_version_number
-- The newest version of the ledger; the lock waits for an effect that is taking versions in under older rules.
SELECT (SELECT coalesce(max(version_to), 0) FROM ledger_event) FROM ledger_effect_position
WHERE effect = %(effect)s FOR UPDATE

-- name: editions_in_range
-- Editions under which the versions of a range came.
SELECT edition.id, edition.digest, dataset.code, edition.dataset_id
FROM catalogue_edition AS edition JOIN catalogue_dataset AS dataset ON dataset.id = edition.dataset_id
WHERE EXISTS (
    SELECT FROM public.ledger_versions_v1(%(first)s, %(last)s) AS version
    WHERE version.edition_id = edition.id)
ORDER BY edition.id

-- name: copy_differences
-- Records a waiting version treats otherwise.
COPY publicity_ruledifference (version_id, entity_id, record_id, dataset_id, effect, old_from, old_until, new_from,
    new_until, old_rule, new_rule) FROM STDIN

