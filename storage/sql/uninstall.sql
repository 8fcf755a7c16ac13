Statements of storage/uninstall.py: what there is of ours in a database, before it goes.

-- name: contents
select (select count(*) from storyreel.videos) as videos,
       (select count(*) from storyreel.objects) + 3 * (select count(*) from storyreel.placeholders) as files,
       (select array_agg(distinct b.bucket order by b.bucket)
        from (select bucket from storyreel.objects union select bucket from storyreel.placeholders) b) as buckets,
       (select array_agg(a.source_table order by a.source_table) from storyreel.attachments a) as tables;

-- name: secret
select w.secret_name from storyreel.waking w;
