-- What is being taken away on a target is read at every write that all grants of a role share: whoever writes there writes for all of them.

create index grant_target_ending on "grant" (target, method) where state = 'ending';
