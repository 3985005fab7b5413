"""Talend Cloud, as its clients speak to it: what defines things (`/orchestration`), and who may (`/security`)."""
