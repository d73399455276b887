-- name: retention_ended
-- Records whose publicity ended before a day and whose payloads are still in the ledger, the longest first.
SELECT shown.entity_id, shown.record_id, dataset.code, shown.public_until
FROM publicity_window AS shown JOIN catalogue_dataset AS dataset ON dataset.id = shown.dataset_id
WHERE shown.public_until < %(before)s
    AND NOT EXISTS (SELECT FROM ledger_archive AS kept WHERE kept.record_id = shown.record_id)
    AND (NOT %(personal)s OR EXISTS (SELECT FROM ledger_version AS version WHERE version.entity_id = shown.entity_id
        AND version.record_id = shown.record_id AND position('"enc1:' IN version.payload::text) > 0))
ORDER BY shown.public_until, shown.record_id LIMIT %(limit)s

-- name: retention_acted
-- Records an act stopped (repaired, or archived at the subject's wish) before a day and nothing undid since.
SELECT done.entity_id, done.record_id, dataset.code, (done.effective_at AT TIME ZONE 'Asia/Shanghai')::date
FROM ledger_status AS done
JOIN ledger_record AS head ON head.entity_id = done.entity_id AND head.record_id = done.record_id
JOIN catalogue_dataset AS dataset ON dataset.id = head.dataset_id
WHERE done.act = ANY(%(acts)s) AND (done.effective_at AT TIME ZONE 'Asia/Shanghai')::date < %(before)s
    AND NOT EXISTS (SELECT FROM ledger_status AS later WHERE later.entity_id = done.entity_id
        AND later.record_id = done.record_id AND later.answers = done.event_id)
    AND NOT EXISTS (SELECT FROM ledger_archive AS kept WHERE kept.record_id = done.record_id)
ORDER BY done.effective_at, done.record_id LIMIT %(limit)s

-- name: retention_archived
-- Versions the archive has held since before a day.
SELECT kept.version_id, kept.record_id, dataset.code, (kept.archived_at AT TIME ZONE 'Asia/Shanghai')::date
FROM ledger_archive AS kept
JOIN ledger_record AS head ON head.entity_id = kept.entity_id AND head.record_id = kept.record_id
JOIN catalogue_dataset AS dataset ON dataset.id = head.dataset_id
WHERE kept.sealed IS NOT NULL AND (kept.archived_at AT TIME ZONE 'Asia/Shanghai')::date < %(before)s
ORDER BY kept.archived_at, kept.version_id LIMIT %(limit)s
