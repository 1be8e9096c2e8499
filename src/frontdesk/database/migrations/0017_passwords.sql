-- Staff's passwords are argon2id from here on, as "$argon2id$…"; a scrypt hash of before is taken until its next sign-in.

ALTER TABLE staff RENAME COLUMN password_scrypt TO password_hash;
