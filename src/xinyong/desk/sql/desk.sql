-- name: registrations
-- What the register says of these entities today: the newest registration of each.
SELECT head.entity_id, version.payload
FROM ledger_record AS head
JOIN ledger_version AS version USING (entity_id, record_id, version_no)
JOIN catalogue_dataset AS dataset ON dataset.id = head.dataset_id
WHERE head.entity_id = ANY(%(entities)s) AND dataset.code = 'registration'
ORDER BY head.entity_id, head.record_id

-- name: record_counts
-- How many records each of these entries holds, with those of the entries it speaks for.
SELECT coalesce(entity.canonical_id, entity.id), count(head.record_id)
FROM registry_entity AS entity JOIN ledger_record AS head ON head.entity_id = entity.id
WHERE entity.id = ANY(%(entities)s) OR entity.canonical_id = ANY(%(entities)s)
GROUP BY 1

-- name: queue_counts
-- Cases per state and department among those the officer may see.
SELECT held.state, department.slug, department.name_zh, department.name_en, count(*), min(held.opened_at)
FROM desk_case AS held JOIN accounts_department AS department ON department.id = held.department_id
WHERE (%(department)s::bigint IS NULL OR held.department_id = %(department)s)
GROUP BY held.state, department.id
ORDER BY count(*) DESC, department.slug

-- name: records_by_dataset
-- Records of these entries by dataset, public or not.
SELECT dataset.code, count(*)
FROM ledger_record AS head JOIN catalogue_dataset AS dataset ON dataset.id = head.dataset_id
WHERE head.entity_id = ANY(%(entities)s)
GROUP BY dataset.code ORDER BY dataset.code

-- name: answered_cases
-- Cases not sent yet whose row a committed correction answers: those this delivery answers, those answered before it entered.
SELECT held.id, max(answer.delivery_id) FROM intake_correctedrow AS answer
JOIN intake_delivery AS correction ON correction.id = answer.delivery_id AND correction.state = 'committed'
JOIN desk_case AS held ON held.delivery_id = answer.parent_id AND held.row = answer.parent_row
WHERE (answer.delivery_id = %(delivery)s OR answer.parent_id = %(delivery)s)
  AND held.sent_id IS NULL AND held.state NOT IN ('stored', 'returned', 'corrected')
GROUP BY held.id ORDER BY held.id

-- name: given_up_cases
-- Cases not sent yet whose row the department gave up, with its reason.
SELECT held.id, given.reason, given.made_by, given.made_at FROM intake_givenuprow AS given
JOIN desk_case AS held ON held.delivery_id = given.delivery_id AND held.row = given.row
WHERE given.undone_at IS NULL AND held.sent_id IS NULL AND held.state NOT IN ('stored', 'returned', 'corrected')
ORDER BY held.id LIMIT 2000

-- name: taken_up_cases
-- Cases closed because their row was given up, where the department has taken that back.
SELECT held.id FROM desk_case AS held
WHERE held.state = 'corrected' AND held.closed_in_id IS NULL AND NOT EXISTS (
    SELECT FROM intake_givenuprow AS given
    WHERE given.delivery_id = held.delivery_id AND given.row = held.row AND given.undone_at IS NULL)
ORDER BY held.id LIMIT 2000
