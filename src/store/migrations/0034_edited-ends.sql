-- Whether somebody was told of a grant that the end in the cloud, which would have held without us, was edited: each look shows it anew
-- until the access is gone, and how often a removal has failed does not say how often that was seen.

alter table "grant" add column edit_told boolean not null default false;
comment on column "grant".edit_told is 'A finding says already that its end in the cloud was edited';
