-- A story to look at after `supabase db reset`.
insert into public.stories (text) values ('A paper boat sails down a river of stars.');
